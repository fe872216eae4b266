"""Whether a request is planned before it is carried out."""

from __future__ import annotations

import re
from typing import Literal, get_args

from a3s_code.errors import InvalidArgument

PlanningMode = Literal["auto", "enabled", "disabled"]

_LONG_CHARACTERS = 300
_LISTED = re.compile(r"^\s*(?:\d+[.)]|[-*])\s+\S", re.MULTILINE)
_SEQUENCE = re.compile(r"\b(?:and then|after that|afterwards|step by step)\b", re.IGNORECASE)


def check_planning_mode(mode: str | None) -> None:
    """Raise `InvalidArgument` for a mode that does not exist."""
    if mode is not None and mode not in get_args(PlanningMode):
        raise InvalidArgument(f"planning_mode must be auto, enabled or disabled, not {mode!r}")


def is_planned(prompt: str, *, planning: bool, mode: str | None) -> bool:
    """Whether to plan; `mode` wins over `planning`.

    `auto` plans what looks like several steps: a list of at least two points, words that put things
    in a sequence, or more than 300 characters.
    """
    check_planning_mode(mode)
    if mode is None or mode != "auto":
        return planning if mode is None else mode == "enabled"
    return (
        len(prompt) > _LONG_CHARACTERS
        or _SEQUENCE.search(prompt) is not None
        or len(_LISTED.findall(prompt)) > 1
    )
