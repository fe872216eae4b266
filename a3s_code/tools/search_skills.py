"""The `search_skills` tool: which skills there are, loaded or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from a3s_code.skills.registry import MAX_FOUND, SkillRegistry
from a3s_code.skills.shelf import FOLDER, skills_on_the_shelf
from a3s_code.skills.skill import Skill
from a3s_code.tools.protocol import ToolContext, ToolOutput
from a3s_code.tools.threads import in_thread
from a3s_code.tools.workspace import Workspace

DEFAULT_LIMIT = 5


class SearchSkills:
    """Skills that fit a query, out of those loaded and those that `load_skill` could load."""

    name = "search_skills"
    read_only = True
    description = (
        "Search the skills on this machine by name, tag and description. Says which are loaded; the "
        "others can be loaded with load_skill."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "query": {"type": "string", "description": "Two or three words for the work at hand."},
            "limit": {
                "type": "integer",
                "minimum": 1,
                "description": f"Most results; {DEFAULT_LIMIT} by default, at most {MAX_FOUND}.",
            },
        },
        "required": ["query"],
        "additionalProperties": False,
        "examples": [{"query": "review code"}],
    }

    def __init__(self, skills: SkillRegistry) -> None:
        self._skills = skills

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """The best ones first; finding nothing is a success."""
        query = args["query"]
        known = await in_thread(lambda _stop: shelf_of(ctx.workspace))
        for skill in self._skills.all():
            known.register(skill)
        found = known.search(query, args.get("limit", DEFAULT_LIMIT))
        if not found:
            return ToolOutput(f"No skills found for: {query}")
        return ToolOutput("\n".join(self._line(skill) for skill in found))

    def _line(self, skill: Skill) -> str:
        state = "" if skill.name in self._skills else " (not loaded)"
        return f"- {skill.name}{state}: {' '.join(skill.description.split())}".rstrip(": ")


def shelf_of(workspace: Workspace) -> SkillRegistry:
    """What `load_skill` could load in a workspace. Raises `ToolFailed` when its folder leads out."""
    folder = workspace.resolve(str(FOLDER))
    return skills_on_the_shelf(folder if folder.is_dir() else None)
