"""What a skill is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from a3s_code import checks
from a3s_code.errors import InvalidArgument


class SkillKind(StrEnum):
    """What a skill is for; each member equals its string."""

    INSTRUCTION = "instruction"
    PERSONA = "persona"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class SkillInfo:
    """What a listing tells of a skill."""

    name: str
    description: str
    kind: SkillKind


@dataclass(frozen=True, slots=True, init=False)
class Skill:
    """A text that tells the model how to do something, and which tools that needs.

    `allowed_tools` is a comma-separated text such as `read(*), bash(git log:*)`; None restricts
    nothing in a session and gives nothing inside a skill's own run. A skill of kind `persona` sets
    the session's role, one of kind `tool` behaves like an instruction that never restricts.
    `tags` and `triggers` are phrases that call the skill to mind, and with the trigger `*` every
    prompt does; `model_may_call` is False when only people may start it, `is_builtin` marks the
    library's own. Raises `InvalidArgument`.
    """

    name: str
    description: str
    allowed_tools: str | None
    kind: SkillKind
    content: str
    tags: list[str]
    version: str | None
    triggers: list[str] = field(repr=False)
    model_may_call: bool = field(repr=False)
    is_builtin: bool = field(repr=False)

    def __init__(
        self,
        name: str,
        description: str = "",
        allowed_tools: str | Iterable[str] | None = None,
        kind: SkillKind | str = SkillKind.INSTRUCTION,
        content: str = "",
        tags: Iterable[str] | None = None,
        version: str | None = None,
        *,
        triggers: Iterable[str] | None = None,
        model_may_call: bool = True,
        is_builtin: bool = False,
    ) -> None:
        if not isinstance(name, str) or not name.strip() or "\n" in name.strip():
            raise InvalidArgument(f"a skill's name must be one line of text, not {name!r}")
        if kind not in SkillKind.__members__.values():
            raise InvalidArgument(f"kind must be instruction, persona or tool, not {kind!r}")
        if not (allowed_tools is None or isinstance(allowed_tools, str)):
            allowed_tools = ", ".join(checks.texts("allowed_tools", allowed_tools))
        for part, text in (("description", description), ("content", content)):
            checks.text(part, text)
        values = {
            "name": name.strip(),
            "description": description,
            "allowed_tools": allowed_tools,
            "kind": SkillKind(kind),
            "content": content,
            "tags": _phrases("tags", tags),
            "version": version,
            "triggers": _phrases("triggers", triggers),
            "model_may_call": model_may_call,
            "is_builtin": is_builtin,
        }
        for key, value in values.items():
            object.__setattr__(self, key, value)

    @property
    def info(self) -> SkillInfo:
        """What a listing tells of it."""
        return SkillInfo(self.name, self.description, self.kind)

    def to_system_prompt(self) -> str:
        """The skill as a part of a system prompt: heading, description, content."""
        parts = (f"# Skill: {self.name}", self.description.strip(), self.content.strip())
        return "\n\n".join(part for part in parts if part)

    def is_called_to_mind_by(self, prompt: str) -> bool:
        """Whether its name, a tag or a trigger occurs in a prompt, in whatever letter case."""
        if "*" in self.triggers:
            return True
        text = prompt.casefold()
        phrases = [self.name, self.name.replace("-", " "), *self.tags, *self.triggers]
        return any(_occurs(phrase.casefold(), text) for phrase in phrases)


def _phrases(which: str, given: Iterable[str] | None) -> list[str]:
    phrases = () if given is None else checks.texts(which, given)
    return [phrase.strip() for phrase in phrases if phrase.strip()]


def _occurs(phrase: str, text: str) -> bool:
    # One or two letters occur in nearly every sentence: `r` and `ai` have to be words.
    if len(phrase) > 2:
        return phrase in text
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text) is not None
