"""The skills that come with the library."""

from __future__ import annotations

from functools import cache

from a3s_code.skills.file import parse_skill
from a3s_code.skills.skill import Skill, SkillInfo


@cache
def load_builtin_skills() -> tuple[Skill, ...]:
    """The seven built-in skills, sorted by name; read once."""
    from importlib.resources import files  # here: it brings much along that few sessions need

    folder = files("a3s_code.skills") / "builtin"
    texts = [file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".md")]
    skills = [parse_skill(text, is_builtin=True) for text in texts]
    return tuple(sorted(skills, key=lambda skill: skill.name))


def builtin_skills() -> list[SkillInfo]:
    """Name, description and kind of each built-in skill."""
    return [skill.info for skill in load_builtin_skills()]
