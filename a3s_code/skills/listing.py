"""What the system prompt says about the skills of a session."""

from __future__ import annotations

from collections.abc import Iterable

from a3s_code.skills.skill import Skill, SkillKind

MAX_MATCHING = 3
# Up to this many characters all texts are always present: the prompt then stays the same from one
# request to the next, which caches reward.
MAX_CHARS_IN_FULL = 8_000

_HEAD = "# Available Skills"
_IN_FULL = "Follow the skill that fits the request. A skill can also run on its own, with the tool `Skill`."
_LISTED = (
    "Start a skill that fits the request with the tool `Skill`, or follow its text where it is "
    "given below."
)


def skills_listing(skills: Iterable[Skill], prompt: str = "") -> str:
    """The part of the system prompt about skills; "" without any.

    Few and short skills are given in full. Otherwise all have name and description, and up to three
    that `prompt` calls to mind follow in full. Personas are never listed.
    """
    listed = sorted(
        (skill for skill in skills if skill.kind is not SkillKind.PERSONA),
        key=lambda skill: skill.name,
    )
    if not listed:
        return ""
    if sum(len(skill.description) + len(skill.content) for skill in listed) <= MAX_CHARS_IN_FULL:
        return "\n\n".join([_HEAD, _IN_FULL, *map(_block, listed)])
    matching = [skill for skill in listed if skill.is_called_to_mind_by(prompt)][:MAX_MATCHING]
    parts = [_HEAD, _LISTED, "\n".join(map(_line, listed))]
    if matching:
        parts += ["# Skill Instructions", *(skill.to_system_prompt() for skill in matching)]
    return "\n\n".join(parts)


def _block(skill: Skill) -> str:
    parts = (f"## {skill.name}", skill.description.strip(), skill.content.strip())
    return "\n\n".join(part for part in parts if part)


def _line(skill: Skill) -> str:
    description = " ".join(skill.description.split())
    return f"- `{skill.name}`: {description}" if description else f"- `{skill.name}`"
