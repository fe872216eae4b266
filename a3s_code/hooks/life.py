"""The events of a session's beginning and end."""

from __future__ import annotations

import time
from collections.abc import Sequence

from a3s_code.hooks import payloads
from a3s_code.hooks.bound import BoundHooks
from a3s_code.skills.allowed import AllowedTools
from a3s_code.skills.skill import Skill


class SessionLife:
    """Fires each of them once.

    The beginning comes with the first prompt: a hook registered on a new session could never see
    it otherwise. The same holds for the skills, all of which are loaded when a session is made.
    """

    def __init__(self, hooks: BoundHooks, skills: Sequence[Skill]) -> None:
        self._hooks, self._skills = hooks, skills
        self._made_s = time.monotonic()
        self._loaded_at = int(time.time() * 1000)
        self._started = False

    @property
    def end_is_heard(self) -> bool:
        """Whether a hook waits for the end."""
        engine = self._hooks.engine
        return engine.listens_to("session_end") or engine.listens_to("skill_unload")

    async def start(self, system: str, model: str) -> str | None:
        """The first prompt has come; later calls do nothing. What its user has to know, or None."""
        if self._started:
            return None
        hooks = self._hooks
        problem = await hooks.engine.open()
        self._started = True
        payload = payloads.session_start(
            session_id=hooks.session_id, system_prompt=system, model=model
        )
        await hooks.engine.fire("session_start", payload)
        for skill in self._skills:
            payload = payloads.skill_load(
                skill_name=skill.name,
                tool_names=_tools(skill),
                version=skill.version,
                description=skill.description,
                loaded_at=self._loaded_at,
            )
            await hooks.engine.fire("skill_load", payload)
        return problem

    async def end(self, total_tokens: int, total_tool_calls: int) -> None:
        """The session was closed."""
        hooks, duration_ms = self._hooks, round((time.monotonic() - self._made_s) * 1000)
        for skill in self._skills:
            payload = payloads.skill_unload(
                skill_name=skill.name, tool_names=_tools(skill), duration_ms=duration_ms
            )
            await hooks.engine.fire("skill_unload", payload)
        payload = payloads.session_end(
            session_id=hooks.session_id,
            total_tokens=total_tokens,
            total_tool_calls=total_tool_calls,
            duration_ms=duration_ms,
        )
        await hooks.engine.fire("session_end", payload)
        await hooks.engine.close()


def _tools(skill: Skill) -> list[str]:
    """Names of the tools that the skill lists."""
    rules = AllowedTools.parse(skill.allowed_tools).rules
    return list(dict.fromkeys(rule.text.partition("(")[0].strip() for rule in rules))
