"""Skills that lie ready without being loaded: a model may find them and load one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from a3s_code.skills.builtins import load_builtin_skills
from a3s_code.skills.registry import SkillRegistry
from a3s_code.skills.skill import SkillKind

FOLDER = Path(".a3s", "skills")


def skills_on_the_shelf(own_folder: Path | None) -> SkillRegistry:
    """The built-in skills, those of the home directory, and those in `own_folder`, a workspace's.

    A later one replaces an earlier one of the same name. The skills of a workspace come without
    their grant of tools: whoever can write a file there must not be able to hand out tools with it.
    Personas and skills that only a person may start are left out. Blocks.
    """
    shelf = SkillRegistry()
    for skill in load_builtin_skills():
        shelf.register(skill)
    shelf.load_from_dir(os.path.expanduser(Path("~") / FOLDER))
    if own_folder is not None:
        own = SkillRegistry()
        own.load_from_dir(own_folder)
        for skill in own.all():
            shelf.register(replace(skill, allowed_tools=None))
    for skill in shelf.all():
        if skill.kind is SkillKind.PERSONA or not skill.model_may_call:
            shelf.remove(skill.name)
    return shelf
