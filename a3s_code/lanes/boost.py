"""The rank of a waiting command: its lane's priority, raised as its deadline comes nearer."""

from __future__ import annotations

from a3s_code.config.model import PriorityBoostSettings

_STEPS = (0.75, 0.5, 0.25)  # parts of the time that are left; each that is reached raises by one


def rank(priority: int, waited_s: float, boost: PriorityBoostSettings | None) -> int:
    """Where a command stands; the lowest number goes first, and nothing is below 0.

    `priority` is the number of its lane, from 0 for `control` to 3 for `generate`. `standard` raises
    by 1, 2 and 3 when 75, 50 and 25 % of `deadline_ms` are left, `aggressive` by twice as much.
    """
    if boost is None or boost.strategy == "disabled":
        return priority
    left = 1 - waited_s * 1000 / boost.deadline_ms
    raised = sum(left <= step for step in _STEPS)
    return max(0, priority - raised * (2 if boost.strategy == "aggressive" else 1))
