"""Dollars that mean money or a shell's variable, which MathJax would take for a formula's border.

Front ends typeset whatever stands between two dollars of a paragraph: "from $5 to $10" becomes
italics without spaces, and a table of prices is torn. An escape or an entity does not help, since
MathJax reads the finished page; it does not look across the border of an element.
"""

from __future__ import annotations

import re

INERT_DOLLAR = "<span>&#36;</span>"
MARK = "\ue001"  # stands for one; a private character that no text needs

# In front of it a word may begin, behind it one does, and up to the next dollar nothing looks like
# TeX. The parenthesis of a link's target is not meant.
_PLAIN = re.compile(
    r"(?:(?<![^\s(\[|*_\"'~–—+-])|(?<=[\s(|]US))(?<!\]\()\$(?=\w)"  # noqa: RUF001
    r"(?![^$\n\\^={]*+[\\^={][^$\n]*+\$)"
)
_ESCAPED = re.compile(r"(?<!\\)\\\$")


def plain_dollar(text: str, at: int) -> int:
    """How many characters the dollar takes that begins there and is no formula's; 0 for any other."""
    for kind in (_PLAIN, _ESCAPED):
        if found := kind.match(text, at):
            return len(found.group())
    return 0


def with_marks(text: str) -> str:
    """Text between formulas, with `MARK` in the place of each dollar that is no formula's."""
    return _PLAIN.sub(MARK, _ESCAPED.sub(MARK, text))
