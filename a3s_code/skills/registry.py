"""The skills of one session, by name."""

from __future__ import annotations

import builtins
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from a3s_code import checks
from a3s_code.errors import InvalidArgument
from a3s_code.skills.file import load_skill
from a3s_code.skills.listing import skills_listing
from a3s_code.skills.search import score
from a3s_code.skills.skill import Skill, SkillKind

log = logging.getLogger("a3s_code")

MAX_FOUND = 20


class SkillRegistry:
    """Skills by name, in the order of registration; a later one replaces one of the same name."""

    def __init__(self) -> None:
        self._skills: dict[str, Skill] = {}

    def __repr__(self) -> str:
        return f"SkillRegistry({self.list()})"

    def __len__(self) -> int:
        return len(self._skills)

    def __contains__(self, name: object) -> bool:
        return name in self._skills

    def register(self, skill: Skill) -> None:
        """Add a skill at the end. Raises `InvalidArgument` for anything that is no `Skill`."""
        if not isinstance(skill, Skill):
            raise InvalidArgument(f"a Skill is needed, not {type(skill).__name__}")
        self._skills.pop(skill.name, None)  # the last registered persona wins
        self._skills[skill.name] = skill

    def get(self, name: str) -> Skill | None:
        """The skill of that name, None when there is none."""
        return self._skills.get(checks.text("name", name))

    def remove(self, name: str) -> bool:
        """Forget a skill; False when there was none."""
        return self._skills.pop(name, None) is not None

    def clear(self) -> None:
        """Forget all skills."""
        self._skills.clear()

    def all(self) -> builtins.list[Skill]:
        """All skills, in the order of registration."""
        return [*self._skills.values()]

    def by_kind(self, kind: SkillKind | str) -> builtins.list[Skill]:
        """The skills of a kind."""
        return [skill for skill in self.all() if skill.kind == kind]

    def by_tag(self, tag: str) -> builtins.list[Skill]:
        """The skills with a tag."""
        return [skill for skill in self.all() if tag in skill.tags]

    def personas(self) -> builtins.list[Skill]:
        """The skills that set a role; the last one wins."""
        return self.by_kind(SkillKind.PERSONA)

    def load_from_file(self, path: str | os.PathLike[str]) -> Skill:
        """Register the skill of one file. Raises `InvalidArgument` naming the file."""
        skill = load_skill(Path(path))
        self.register(skill)
        return skill

    def load_from_dir(self, path: str | os.PathLike[str]) -> int:
        """Register all skills below a directory, in the order of their paths; returns their number.

        A file that is no skill is a warning; a missing directory has none.
        """
        loaded = 0
        for file in _markdown_files(Path(checks.path("path", path))):
            try:
                self.load_from_file(file)
            except InvalidArgument as error:
                log.warning("skill file skipped: %s", error.problem)
            else:
                loaded += 1
        return loaded

    def search(self, query: str, limit: int = 5) -> builtins.list[Skill]:
        """The skills that fit a query best, at most `limit` (20 at most)."""
        scored = [(score(skill, query), skill) for skill in self.all()]
        found = sorted((-points, skill.name) for points, skill in scored if points)
        return [self._skills[name] for _, name in found[: max(0, min(limit, MAX_FOUND))]]

    def to_system_prompt(self) -> str:
        """The listing of the skills; "" without any."""
        return skills_listing(self.all())

    def copy(self) -> SkillRegistry:
        """Another registry with the same skills: a session changes only its own."""
        other = SkillRegistry()
        other._skills = dict(self._skills)
        return other

    def list(self) -> builtins.list[str]:
        """The names, sorted."""
        return sorted(self._skills)


def _markdown_files(folder: Path) -> builtins.list[Path]:
    return sorted(_walk(folder), key=lambda path: path.as_posix())


def _walk(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names if name.endswith(".md"))
