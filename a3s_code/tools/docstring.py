"""What a docstring says of a function and of its parameters: a pure core."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable

_SECTION = re.compile(
    r"(?:Args|Arguments|Parameters|Returns?|Raises|Yields?|Examples?|Notes?):?\s*$"
)
_PARAMETERS = ("Args", "Arguments", "Parameters")
_GOOGLE = re.compile(r"\s*\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(\S.*)$")
_NUMPY = re.compile(r"(\w+)\s*(?::.*)?$")
_SPHINX = re.compile(r"\s*:param\s+(?:[^:]*\s)?(\w+)\s*:\s*(.*)$")


def summary(docstring: str | None) -> str:
    """The text before the first section, on one line per paragraph."""
    lines: list[str] = []
    for line in inspect.cleandoc(docstring or "").splitlines():
        if _SECTION.match(line) or _SPHINX.match(line) or line.lstrip().startswith(":return"):
            break
        lines.append(line)
    paragraphs = re.split(r"\n\s*\n", "\n".join(lines).strip())
    return "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs if paragraph)


def parameter_texts(docstring: str | None, names: Iterable[str]) -> dict[str, str]:
    """Descriptions of the named parameters in the style of Google, NumPy or Sphinx."""
    wanted, texts = set(names), dict[str, list[str]]()
    current, indent, inside = None, 0, False
    for line in inspect.cleandoc(docstring or "").splitlines():
        if _SECTION.match(line):
            inside, current = line.startswith(_PARAMETERS), None
            continue
        depth = len(line) - len(line.lstrip())
        # Google indents the names, NumPy puts them at the margin above an indented text.
        found = _SPHINX.match(line) or (_GOOGLE.match(line) if inside and depth else None)
        heading = _NUMPY.match(line) if inside and not depth else None
        if found and found[1] in wanted and (current is None or depth <= indent):
            current, indent = found[1], depth
            texts[current] = [found[2]]
        elif heading and heading[1] in wanted:
            current, indent = heading[1], depth
            texts[current] = []
        elif current and line.strip() and depth > indent:
            texts[current].append(line.strip())
        else:
            current = None
    return {name: " ".join(parts).strip() for name, parts in texts.items() if any(parts)}
