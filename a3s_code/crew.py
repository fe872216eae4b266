"""The skills and agents of a session, and what they change about it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from a3s_code.agents.definition import AgentDefinition
from a3s_code.agents.registry import AgentRegistry
from a3s_code.config.model import AgentConfig
from a3s_code.loop.prompt import PromptSlots
from a3s_code.options import SessionOptions
from a3s_code.skills.choice import chosen_skills, folders_of
from a3s_code.skills.listing import skills_listing
from a3s_code.skills.registry import SkillRegistry
from a3s_code.skills.restriction import SkillRestriction
from a3s_code.tools.load_skill import LoadSkill
from a3s_code.tools.parallel_task import ParallelTask
from a3s_code.tools.protocol import Tool
from a3s_code.tools.run_team import RunTeam
from a3s_code.tools.search_skills import SearchSkills
from a3s_code.tools.skill import RunSkill
from a3s_code.tools.task import Task

_FINDING = "find-skills"


@dataclass(frozen=True, slots=True)
class Crew:
    """Skills and agents, this session's own; the agents may become more while it lives."""

    skills: SkillRegistry
    agents: AgentRegistry

    @classmethod
    def of(cls, given: SessionOptions, config: AgentConfig) -> Crew:
        """Those of the configuration and of the options, in the documented order.

        Raises `InvalidArgument` for an option of the wrong form.
        """
        folders = folders_of("skill_dirs", given.skill_dirs)
        if given.skills_dir is not None:
            folders += folders_of("skills_dir", [given.skills_dir])
        skills = chosen_skills(
            builtin=bool(given.builtin_skills),
            folders=[*config.skill_dirs, *folders],
            registry=given.skill_registry,
            inline=given.inline_skills or (),
            plugins=given.plugins or (),
        )
        own = folders_of("agent_dirs", given.agent_dirs)
        return cls(skills, AgentRegistry([*config.agent_dirs, *own]))

    def tools(self) -> list[Tool]:
        """The tools that hand work over, in their documented order.

        Where the skill that tells how to find skills is loaded, the tools that it speaks of follow.
        """
        agents, skills = self.agents, self.skills
        tools: list[Tool] = [Task(agents), ParallelTask(agents), RunTeam(agents), RunSkill(skills)]
        if _FINDING in skills:
            tools += [SearchSkills(skills), LoadSkill(skills)]
        return tools

    def slots(self, slots: PromptSlots) -> PromptSlots:
        """The slots of the system prompt; the last persona is the role."""
        personas = self.skills.personas()
        return replace(slots, role=personas[-1].content) if personas else slots

    def listing(self, prompt: str) -> str:
        """What the system prompt says about skills."""
        return skills_listing(self.skills.all(), prompt)

    def restriction(self) -> SkillRestriction:
        """What the loaded skills permit."""
        return SkillRestriction(self.skills.all())


def preset(given: SessionOptions, agent: AgentDefinition) -> SessionOptions:
    """The options with what the agent's definition sets where they leave it open."""
    rules_are_given = not (given.permission_policy is None and given.permission_checker is None)
    return replace(
        given,
        permission_policy=given.permission_policy if rules_are_given else agent.permissions,
        extra=given.extra or agent.prompt,
        max_tool_rounds=given.max_tool_rounds or agent.max_steps,
        model=given.model or agent.model,
    )
