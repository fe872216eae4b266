"""The `Skill` tool: a skill as a run of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from a3s_code.errors import ToolFailed
from a3s_code.skills.allowed import AllowedTools
from a3s_code.skills.registry import SkillRegistry
from a3s_code.skills.skill import Skill
from a3s_code.tools.child_task import delegate_of, facts
from a3s_code.tools.delegate import ChildSpec
from a3s_code.tools.protocol import ToolContext, ToolOutput

MAX_DEPTH = 5


class RunSkill:
    """Run a skill with the tools that it lists, and with none when it lists none."""

    name = "Skill"
    read_only = False
    description = (
        "Run a skill of the list 'Available Skills' on its own, with the tools that it needs. It "
        "sees nothing of this conversation: say in the prompt what it has to know."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "skill_name": {"type": "string", "description": "Name of the skill."},
            "prompt": {"type": "string", "description": "What to do; optional."},
        },
        "required": ["skill_name"],
        "additionalProperties": False,
        "examples": [{"skill_name": "code-review", "prompt": "Review a.py"}],
    }

    def __init__(self, skills: SkillRegistry) -> None:
        self._skills = skills

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """The last text of the skill's run."""
        delegate = delegate_of(ctx, self.name)
        skill = self._callable(args["skill_name"], delegate.skills)
        prompt = args.get("prompt") or ""
        result = await delegate.run_child(skill_spec(skill, prompt))
        metadata = facts(result, skill_name=skill.name)
        if result.error is not None:
            return ToolOutput(f"Skill '{skill.name}' failed: {result.error}", 1, metadata)
        return ToolOutput(result.text, metadata=metadata)

    def _callable(self, name: str, running: tuple[str, ...]) -> Skill:
        skill = self._skills.get(name)
        if skill is None:
            raise ToolFailed(f"Skill '{name}' not found")
        if not skill.model_may_call:
            raise ToolFailed(f"Skill '{name}' can only be started by a person")
        if name in running:
            raise ToolFailed(f"Skill '{name}' is already running; a skill cannot call itself")
        if len(running) >= MAX_DEPTH:
            raise ToolFailed(f"Skill '{name}': skills may be nested {MAX_DEPTH} deep at most")
        return skill


def skill_spec(skill: Skill, prompt: str) -> ChildSpec:
    """A child that runs this skill alone."""
    grant = AllowedTools.parse(skill.allowed_tools)
    parts = (f"You are running the skill '{skill.name}'.", skill.description, skill.content)
    prompt = prompt if prompt.strip() else f"Execute the '{skill.name}' skill"
    return ChildSpec(
        name=f"skill:{skill.name}",
        prompt=prompt,
        description=skill.description or skill.name,
        system="\n\n".join(part.strip() for part in parts if part.strip()),
        offers=grant.names,
        grant=grant,
        skill=skill.name,
    )
