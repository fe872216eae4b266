"""One thing that is remembered, and its documented form."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from a3s_code import checks
from a3s_code.errors import InvalidArgument, WrongType
from a3s_code.store.reading import WrongForm, parse_time, take, take_optional, take_strings

MemoryType = Literal["episodic", "semantic", "procedural", "working"]


def utc_now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class MemoryItem:
    """Something to remember: an event (episodic), a fact (semantic), a pattern (procedural).

    `importance` is cut to 0.0 to 1.0. A time without a zone is taken as UTC. Raises
    `InvalidArgument` for content that is no text and for an unknown type.
    """

    content: str
    importance: float = 0.5
    tags: Sequence[str] = ()
    memory_type: MemoryType = "episodic"
    metadata: Mapping[str, str] = field(default_factory=dict)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    timestamp: datetime = field(default_factory=utc_now)
    access_count: int = 0
    last_accessed: datetime | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.content, str):
            raise InvalidArgument(
                f"content of a memory item must be a string, not {type(self.content).__name__}"
            )
        if not isinstance(self.id, str) or not self.id:
            raise InvalidArgument("the id of a memory item must be a string that is not empty")
        kind = str(self.memory_type).lower()
        if kind not in get_args(MemoryType):
            raise InvalidArgument(
                f"memory_type must be one of {', '.join(get_args(MemoryType))}, "
                f"not {self.memory_type!r}"
            )
        importance = self.importance
        if not isinstance(importance, int | float) or math.isnan(importance):
            raise InvalidArgument(f"importance must be from 0.0 to 1.0, not {importance!r}")
        for name, value in (
            ("memory_type", kind),
            ("importance", float(min(1, max(0, importance)))),
            ("tags", tuple(_tags(self.tags))),
            ("metadata", _metadata(self.metadata)),
            ("timestamp", _in_utc("timestamp", self.timestamp)),
        ):
            object.__setattr__(self, name, value)
        if self.last_accessed is not None:
            object.__setattr__(self, "last_accessed", _in_utc("last_accessed", self.last_accessed))

    def accessed(self, now: datetime) -> MemoryItem:
        """The item after one more use."""
        return replace(self, access_count=self.access_count + 1, last_accessed=now)

    def to_dict(self) -> dict[str, Any]:
        """All documented fields; times as RFC 3339 text."""
        return {
            "id": self.id,
            "content": self.content,
            "memory_type": self.memory_type,
            "importance": self.importance,
            "tags": list(self.tags),
            "metadata": dict(self.metadata),
            "timestamp": rfc3339(self.timestamp),
            "access_count": self.access_count,
            "last_accessed": None if self.last_accessed is None else rfc3339(self.last_accessed),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> MemoryItem:
        """An item from the dict of `to_dict`; what is absent gets its default.

        Raises `ValueError` for a value of the wrong kind.
        """
        if not isinstance(data.get("content"), str):
            raise WrongForm("'content' is missing or no string")
        given: dict[str, Any] = {
            "content": data["content"],
            "importance": take(data, "importance", float, 0.5),
            "tags": take_strings(data, "tags"),
            "memory_type": take(data, "memory_type", str, "episodic"),
            "metadata": take(data, "metadata", dict, {}),
            "access_count": take(data, "access_count", int, 0),
            "id": take_optional(data, "id", str),
            "timestamp": _time(data, "timestamp"),
            "last_accessed": _time(data, "last_accessed"),
        }
        try:
            return cls(**{key: value for key, value in given.items() if value is not None})
        except InvalidArgument as error:
            raise WrongForm(error.problem) from error

    @classmethod
    def of(cls, value: MemoryItem | Mapping[str, Any] | str) -> MemoryItem:
        """An item from itself, from a dict of its fields, or from its content."""
        if isinstance(value, MemoryItem):
            return value
        if isinstance(value, str):
            return cls(value)
        if not isinstance(value, Mapping):
            raise InvalidArgument(f"a {type(value).__name__} is no memory item")
        unknown = sorted(set(value) - {entry.name for entry in fields(cls)})
        if unknown:
            raise InvalidArgument(f"a memory item has no field {unknown[0]!r}")
        try:
            return cls.from_dict(value)
        except WrongForm as error:
            raise InvalidArgument(f"memory item: {error}") from error


def rfc3339(moment: datetime) -> str:
    """A moment as text, in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _tags(given: object) -> Sequence[str]:
    return (given,) if isinstance(given, str) else checks.texts("tags", given)


def _metadata(given: object) -> dict[str, str]:
    return {key: str(value) for key, value in checks.mapping("metadata", given).items()}


def _in_utc(name: str, moment: object) -> datetime:
    if not isinstance(moment, datetime):
        raise WrongType(f"{name} must be a datetime, not {checks.shown(moment)}")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _time(data: Mapping[str, Any], key: str) -> datetime | None:
    value = data.get(key)
    if value is None or isinstance(value, datetime):
        return value
    try:
        return parse_time(take(data, key, str, ""))
    except WrongForm:
        raise
    except ValueError:
        raise WrongForm(f"{key!r} is not a date and time: {value!r}") from None
