"""One step of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

S = TypeVar("S", bound=StrEnum)


class TaskStatus(StrEnum):
    """Where a step stands; only a completed one lets its dependents begin."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @classmethod
    def of(cls, value: object) -> TaskStatus:
        """The status a word means, in any case; `pending` for a word that means none."""
        return _member(cls, value, cls.PENDING)


class TaskPriority(StrEnum):
    """How much a step matters."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @classmethod
    def of(cls, value: object) -> TaskPriority:
        """The priority a word means, in any case: `critical` is high, an unknown word medium."""
        if isinstance(value, str) and value.strip().lower() == "critical":
            return cls.HIGH
        return _member(cls, value, cls.MEDIUM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A step: what to do, after which other steps, and by what one can tell that it is done.

    `tool` is the tool that the planner had in mind, no restriction. `dependencies` are ids.
    """

    id: str
    content: str
    status: TaskStatus = TaskStatus.PENDING
    priority: TaskPriority = TaskPriority.MEDIUM
    tool: str | None = None
    dependencies: tuple[str, ...] = ()
    success_criteria: str | None = None

    @property
    def description(self) -> str:
        """The content under its older name."""
        return self.content

    def to_dict(self) -> dict[str, Any]:
        """The task as a dict of its fields, ready for JSON; sessions keep their `tasks` like this."""
        return {
            "id": self.id,
            "content": self.content,
            "status": str(self.status),
            "priority": str(self.priority),
            "tool": self.tool,
            "dependencies": list(self.dependencies),
            "success_criteria": self.success_criteria,
        }

    @classmethod
    def from_dict(cls, value: object) -> Task | None:
        """A task from a dict of its fields, also as a model or an older version wrote it.

        The content may be called `description`; a missing or wrong field gets its default. The id
        is "" when there is none. None for something without content.
        """
        if not isinstance(value, Mapping):
            return None
        content = text_of(value.get("content")) or text_of(value.get("description"))
        if content is None:
            return None
        return cls(
            id=text_of(value.get("id")) or "",
            content=content,
            status=TaskStatus.of(value.get("status")),
            priority=TaskPriority.of(value.get("priority")),
            tool=text_of(value.get("tool")),
            dependencies=tuple(texts_of(value.get("dependencies"))),
            success_criteria=_criteria(value.get("success_criteria")),
        )


def text_of(value: object) -> str | None:
    """A text or a whole number as stripped text; None for a blank text and for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return None
    # JSON can spell half a surrogate pair, which no request could carry.
    return value.encode("utf-8", "replace").decode("utf-8").strip() or None


def texts_of(value: object) -> list[str]:
    """The texts of a list, or the one text that stands in its place; what is none is left out."""
    values: Iterable[object] = value if isinstance(value, list | tuple) else (value,)
    return [text for text in map(text_of, values) if text is not None]


def _criteria(value: object) -> str | None:
    return "; ".join(texts_of(value)) or None


def _member(cls: type[S], value: object, default: S) -> S:
    word = value.strip().lower() if isinstance(value, str) else ""
    return next((member for member in cls if member.value == word), default)
