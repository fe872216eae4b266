"""The `load_skill` tool: a skill of this machine becomes one of the session's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from a3s_code.errors import ToolFailed
from a3s_code.skills.registry import SkillRegistry
from a3s_code.tools.protocol import ToolContext, ToolOutput
from a3s_code.tools.search_skills import shelf_of
from a3s_code.tools.threads import in_thread


class LoadSkill:
    """Load a skill by name; its text is the output, so that it can be followed at once."""

    name = "load_skill"
    read_only = False
    description = (
        "Load a skill by its name, from .a3s/skills in the workspace, from the home directory, or a "
        "built-in one. Gives its text."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {"name": {"type": "string", "description": "Name of the skill."}},
        "required": ["name"],
        "additionalProperties": False,
        "examples": [{"name": "code-review"}],
    }

    def __init__(self, skills: SkillRegistry) -> None:
        self._skills = skills

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """One that is loaded already stays as it is: a file must not take the place of it."""
        name = args["name"]
        skill = self._skills.get(name)
        if skill is None:
            shelf = await in_thread(lambda _stop: shelf_of(ctx.workspace))
            skill = shelf.get(name)
            if skill is None:
                raise ToolFailed(f"Skill '{name}' not found")
            self._skills.register(skill)
        elif not skill.model_may_call:
            raise ToolFailed(f"Skill '{name}' can only be started by a person")
        return ToolOutput(skill.to_system_prompt(), metadata={"skill_name": skill.name})
