"""Rules that no tool can meet because its name is misspelt."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from a3s_code.permissions.policy import PermissionPolicy

_ALIKE = 0.75  # of 1: one or two letters of a word
_WORD = re.compile(r"\s*(\w+)")


def spelling_remarks(policy: PermissionPolicy | None, known: Iterable[str]) -> list[str]:
    """One sentence for each rule whose tool is not known but almost spelt like one that is.

    Others stay without a remark: tools of MCP servers and of the host may come later.
    """
    if policy is None:
        return []
    names = {name.lower(): name for name in known}
    remarks = []
    for kind in ("deny", "allow", "ask"):
        for rule in getattr(policy, kind):
            word = _WORD.match(rule.text)
            if word is None or any(rule.names(name) for name in names):
                continue
            close = get_close_matches(word[1].lower(), names, n=1, cutoff=_ALIKE)
            if close:
                remarks.append(
                    f"permission_policy: no tool is named {word[1]!r} in the {kind} rule "
                    f"{rule.text!r}; did you mean {names[close[0]]!r}?"
                )
    return remarks
