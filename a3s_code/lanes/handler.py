"""Where the commands of a lane run, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from a3s_code.errors import InvalidArgument
from a3s_code.permissions.lanes import LANES, Lane

MODES = ("internal", "external", "hybrid")
DEFAULT_TIMEOUT_MS = 60_000


@dataclass(frozen=True, slots=True)
class LaneHandler:
    """How a lane's commands run.

    `internal`: here. `external`: elsewhere, by whoever completes the published task within
    `timeout_ms`. `hybrid`: here, and published for information.
    """

    mode: str = "internal"
    timeout_ms: int = DEFAULT_TIMEOUT_MS

    @classmethod
    def of(cls, mode: object, timeout_ms: object = None) -> LaneHandler:
        """A handler from what was given; `mode` may be a dict of both. Raises `InvalidArgument`."""
        if isinstance(mode, LaneHandler):
            return mode
        if isinstance(mode, Mapping):
            given = dict(mode)
            handler = cls.of(given.pop("mode", "internal"), given.pop("timeout_ms", timeout_ms))
            if given:
                raise InvalidArgument(f"a lane handler has no {next(iter(given))!r}")
            return handler
        if mode not in MODES:
            raise InvalidArgument(
                f"Invalid handler mode '{mode}'. Must be: internal, external, or hybrid"
            )
        timeout_ms = DEFAULT_TIMEOUT_MS if timeout_ms is None else timeout_ms
        return cls(mode, positive("timeout_ms", timeout_ms))


def checked_lane(lane: object) -> Lane:
    """The lane itself. Raises `InvalidArgument`."""
    if lane not in LANES:
        raise InvalidArgument(
            f"Invalid lane '{lane}'. Must be: control, query, execute, or generate"
        )
    return lane


def positive(name: str, value: Any) -> int:
    """A whole number of at least 1. Raises `InvalidArgument`."""
    if type(value) is not int or value < 1:
        raise InvalidArgument(f"{name} must be a whole number of at least 1, not {value!r}")
    return value
