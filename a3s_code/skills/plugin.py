"""Skills in a bundle."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from a3s_code.errors import InvalidArgument, WrongType
from a3s_code.skills.file import parse_skill
from a3s_code.skills.registry import SkillRegistry

log = logging.getLogger("a3s_code")


@dataclass(frozen=True, slots=True, init=False)
class SkillPlugin:
    """Complete Markdown texts of skills under one name. It bundles skills only, no tools."""

    name: str
    skills: list[str]

    def __init__(self, name: str, skills: Iterable[str] | None = None) -> None:
        if isinstance(skills, str) or not (skills is None or isinstance(skills, Iterable)):
            raise WrongType("skills must be a list of Markdown texts")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "skills", list(skills or ()))


def mount(plugins: Iterable[object], registry: SkillRegistry) -> int:
    """Register the skills of the plugins in order; returns how many plugins were mounted.

    A plugin with one unusable skill is left out as a whole, and so is anything that is no plugin;
    each is a warning and the others go on.
    """
    mounted = 0
    for plugin in plugins:
        if not isinstance(plugin, SkillPlugin):
            log.warning("plugin of unknown type %s is skipped", type(plugin).__name__)
            continue
        try:
            skills = [parse_skill(text) for text in plugin.skills]
        except (InvalidArgument, TypeError) as error:  # TypeError: a text that is none
            log.warning("plugin %s is skipped: %s", plugin.name, error)
            continue
        for skill in skills:
            registry.register(skill)
        mounted += 1
    return mounted
