"""Whether the loaded skills permit a tool call outside of their own runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from a3s_code.skills.allowed import AllowedTools
from a3s_code.skills.skill import Skill, SkillKind

REASON = "Blocked by skill allowed_tools restriction"


class SkillRestriction:
    """Permits what at least one restricting skill permits; without such skills, everything.

    A skill restricts when it has `allowed_tools`, is an instruction, and is not built in. The tool
    `Skill` itself is never restricted, nor are direct calls.
    """

    def __init__(self, skills: Iterable[Skill]) -> None:
        self._allowed = [
            AllowedTools.parse(skill.allowed_tools)
            for skill in skills
            if skill.allowed_tools is not None
            and skill.kind is SkillKind.INSTRUCTION
            and not skill.is_builtin
        ]

    def __bool__(self) -> bool:
        return bool(self._allowed)

    def permits(self, tool: str, args: Mapping[str, Any], workspace: Path | None = None) -> bool:
        """Whether the call may go on to the next check; relative paths start from `workspace`."""
        if not self._allowed or tool == "Skill":
            return True
        return any(allowed.permits(tool, args, workspace) for allowed in self._allowed)

    @staticmethod
    def refusal(tool: str) -> str:
        """What the model is told about a call that is not permitted."""
        return f"Tool '{tool}' is not permitted by any loaded skill's allowed_tools policy."
