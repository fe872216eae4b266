"""Permission rules in three lists, and what they say about a call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, cast

from a3s_code import checks
from a3s_code.errors import InvalidArgument
from a3s_code.permissions.rules import PermissionRule
from a3s_code.permissions.subject import subject_of

Verdict = Literal["allow", "deny", "ask"]
_VERDICTS = ("allow", "deny", "ask")


class PermissionPolicy:
    """Rules for tool calls, as texts or as `PermissionRule`s.

    The first list with a hit decides, in the order deny, allow, ask; without a hit
    `default_decision` does. A policy that is not `enabled` allows everything.
    Raises `InvalidArgument` for a bad rule or decision. Policies do not change.
    """

    __slots__ = ("allow", "ask", "default_decision", "deny", "enabled")

    allow: tuple[PermissionRule, ...]
    deny: tuple[PermissionRule, ...]
    ask: tuple[PermissionRule, ...]
    default_decision: Verdict
    enabled: bool

    def __init__(
        self,
        allow: Iterable[str | PermissionRule] | None = None,
        deny: Iterable[str | PermissionRule] | None = None,
        ask: Iterable[str | PermissionRule] | None = None,
        default_decision: str = "ask",
        enabled: bool = True,
    ) -> None:
        if default_decision not in _VERDICTS:
            raise InvalidArgument(
                f"default_decision must be allow, deny or ask, not {default_decision!r}"
            )
        self.allow = _rules("allow", allow)
        self.deny = _rules("deny", deny)
        self.ask = _rules("ask", ask)
        self.default_decision = cast(Verdict, default_decision)
        self.enabled = bool(enabled)

    @classmethod
    def permissive(cls) -> PermissionPolicy:
        """Everything is allowed."""
        return cls(default_decision="allow")

    @classmethod
    def strict(cls) -> PermissionPolicy:
        """Everything is denied."""
        return cls(default_decision="deny")

    def check(self, tool: str, args: Mapping[str, Any], workspace: Path | None = None) -> Verdict:
        """`allow`, `deny` or `ask` for one call; `workspace` is what relative paths start from.

        Paths are read from `file_path` and `path`; links inside of the workspace are followed.
        """
        checks.text("tool", tool)
        checks.mapping("args", args)
        if not self.enabled:
            return "allow"
        subject = subject_of(tool, args, workspace)
        if any(rule.hits(tool, subject) for rule in self.deny):
            return "deny"
        if any(rule.holds(tool, subject) for rule in self.allow):
            return "allow"
        if any(rule.hits(tool, subject) for rule in self.ask):
            return "ask"
        return self.default_decision

    def to_dict(self) -> dict[str, Any]:
        """A form that JSON can hold; `from_dict` reads it."""
        return {
            "allow": [rule.text for rule in self.allow],
            "deny": [rule.text for rule in self.deny],
            "ask": [rule.text for rule in self.ask],
            "default_decision": self.default_decision,
            "enabled": self.enabled,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PermissionPolicy:
        """A policy from its dictionary. Raises `InvalidArgument` for keys that it has not."""
        unknown = [str(key) for key in data if key not in cls.__slots__]
        if unknown:
            raise InvalidArgument(f"a permission policy has no {', '.join(unknown)}")
        return cls(**data)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PermissionPolicy) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]  # as for any value compared by its lists

    def __repr__(self) -> str:
        fields = ", ".join(f"{key}={value!r}" for key, value in self.to_dict().items())
        return f"PermissionPolicy({fields})"


def _rules(which: str, given: Iterable[str | PermissionRule] | None) -> tuple[PermissionRule, ...]:
    if given is None:
        return ()
    if isinstance(given, str | PermissionRule) or not isinstance(given, Iterable):
        raise InvalidArgument(f"{which} must be a list of rules, not {given!r}")
    return tuple(
        rule if isinstance(rule, PermissionRule) else PermissionRule(rule) for rule in given
    )
