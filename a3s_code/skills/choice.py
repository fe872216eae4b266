"""The skills of a session, from everywhere they may come from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from a3s_code import checks
from a3s_code.errors import InvalidArgument
from a3s_code.skills.builtins import load_builtin_skills
from a3s_code.skills.plugin import mount
from a3s_code.skills.registry import SkillRegistry


def chosen_skills(
    *,
    builtin: bool = False,
    folders: Iterable[Path] = (),
    registry: SkillRegistry | None = None,
    inline: Sequence[Any] = (),
    plugins: Sequence[Any] = (),
) -> SkillRegistry:
    """A registry of the session's own; in this order, and a later skill replaces an earlier one.

    Raises `InvalidArgument` for a registry or an inline skill that is none; files and plugins that
    cannot be used are warnings.
    """
    chosen = SkillRegistry()
    if builtin:
        for skill in load_builtin_skills():
            chosen.register(skill)
    for folder in folders:
        chosen.load_from_dir(folder)
    if registry is not None:
        if not isinstance(registry, SkillRegistry):
            raise InvalidArgument(
                f"skill_registry must be a SkillRegistry, not {type(registry).__name__}"
            )
        for skill in registry.all():
            chosen.register(skill)
    for skill in checks.items("inline_skills", inline):
        chosen.register(skill)
    mount(checks.items("plugins", plugins), chosen)
    return chosen


def folders_of(option: str, given: object) -> list[Path]:
    """Directories that an option names; `~` is the home. Raises `InvalidArgument` naming it."""
    if given is None:
        return []
    if not isinstance(given, list | tuple) or not all(
        isinstance(entry, str | os.PathLike) for entry in given
    ):
        raise InvalidArgument(f"{option} must be a list of directories, not {given!r}")
    return [Path(os.path.expanduser(checks.path(option, entry))) for entry in given]
