"""One permission rule: `Tool` or `Tool(pattern)`."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from a3s_code.errors import InvalidArgument
from a3s_code.permissions.glob import compile_glob
from a3s_code.permissions.subject import Subject, subject_of

_RULE = re.compile(r"\s*(?P<tool>[^\s()]+)\s*(?:\((?P<pattern>.*)\))?\s*", re.DOTALL)
# There `SECRET/x` opens the file `secret/x`.
_PATHS_IGNORE_CASE = sys.platform in ("win32", "darwin")


@dataclass(frozen=True, slots=True)
class PermissionRule:
    """A rule such as `bash(git status)`, `read(src/**)`, `bash(rm -rf:*)` or `mcp__*`.

    The tool's name ignores case; a pattern that ends in `:*` is a prefix, any other is a glob that
    must cover the whole text. Raises `InvalidArgument` for a text that is no rule.
    """

    text: str
    _tool: str = field(init=False, repr=False, compare=False)
    _pattern: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found = _RULE.fullmatch(self.text) if isinstance(self.text, str) else None
        if found is None or found["pattern"] == "":
            raise InvalidArgument(
                f"{self.text!r} is not a permission rule; expected Tool or Tool(pattern)"
            )
        pattern = "*" if found["pattern"] is None else found["pattern"]
        object.__setattr__(self, "_tool", found["tool"].lower())
        object.__setattr__(self, "_pattern", pattern.replace("\\", "/"))

    def matches(self, tool: str, args: Mapping[str, Any], workspace: Path | None = None) -> bool:
        """Whether any spelling of the call matches: the reading for rules that deny or ask."""
        return self.hits(tool, subject_of(tool, args, workspace))

    def covers(self, tool: str, args: Mapping[str, Any], workspace: Path | None = None) -> bool:
        """Whether the call matches whatever way it is read: the reading for rules that allow."""
        return self.holds(tool, subject_of(tool, args, workspace))

    def hits(self, tool: str, subject: Subject) -> bool:
        """`matches` for a subject that is already known."""
        fold = subject.is_path and _PATHS_IGNORE_CASE
        return self.names(tool) and any(
            self._fits(text, fold_case=fold) for text in subject.spellings
        )

    def holds(self, tool: str, subject: Subject) -> bool:
        """`covers` for a subject that is already known."""
        return self.names(tool) and all(self._fits(text) for text in subject.meant)

    def names(self, tool: str) -> bool:
        """Whether some call of the tool can match."""
        name = tool.lower()
        if "*" in self._tool or "?" in self._tool:
            return compile_glob(self._tool).matches(name)
        prefix, _, server = self._tool.partition("mcp__")
        if not prefix and server and "__" not in server and name.startswith(f"{self._tool}__"):
            return True
        return name == self._tool

    def _fits(self, text: str, *, fold_case: bool = False) -> bool:
        pattern = self._pattern
        if pattern == "*":
            return True
        if fold_case:
            pattern, text = pattern.casefold(), text.casefold()
        if pattern.endswith(":*"):
            return text.startswith(pattern.removesuffix(":*"))
        return compile_glob(pattern).matches(text)
