"""How well a skill fits a query."""

from __future__ import annotations

from a3s_code.skills.skill import Skill


def score(skill: Skill, query: str) -> int:
    """Points of a skill, 0 when nothing fits; letter case does not matter.

    The whole query counts 100 in the name and 80 in a tag; each of its words of two or more letters
    20 in the name, 15 in a tag, 8 in the description, 2 in the content.
    """
    whole = query.strip().casefold()
    if not whole:
        return 0
    name, description = skill.name.casefold(), skill.description.casefold()
    content = skill.content.casefold()
    tags = [tag.casefold() for tag in (*skill.tags, *skill.triggers)]
    points = 100 * (whole in name) + 80 * any(whole in tag for tag in tags)
    for word in whole.split():
        if len(word) >= 2:
            points += 20 * (word in name) + 15 * any(word in tag for tag in tags)
            points += 8 * (word in description) + 2 * (word in content)
    return points
