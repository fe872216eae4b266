"""Events from their mapping form, also those that this version does not know."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from a3s_code import checks
from a3s_code.errors import InvalidArgument
from a3s_code.events.base import CLASSES, AgentEvent
from a3s_code.messages import Attachment
from a3s_code.results import TokenUsage


class UnknownEvent(AgentEvent):
    """An event of a type this version does not know, kept as it came."""

    __slots__ = ("_values", "event_type")

    def __init__(self, event_type: str, values: Mapping[str, Any]) -> None:
        self.event_type = event_type  # type: ignore[misc]  # the one event whose name is its own
        self._values = dict(values)

    def _names(self) -> tuple[str, ...]:
        return tuple(self._values)

    def __getattr__(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        return super().__getattr__(name)

    def __repr__(self) -> str:
        return f"UnknownEvent({self.event_type!r}, {self._values!r})"


def event_from_dict(values: Mapping[str, Any]) -> AgentEvent:
    """The event that `to_dict` described; one of an unknown type or shape is an `UnknownEvent`."""
    rest = dict(checks.mapping("values", values))
    name = str(rest.pop("type", ""))
    cls = CLASSES.get(name)
    if cls is None:
        return UnknownEvent(name, rest)
    known = {entry.name for entry in fields(cls)}
    usage = rest.get("usage")
    try:
        if isinstance(usage, Mapping):
            rest["usage"] = TokenUsage(**usage)
        if "images" in rest and "images" in known:
            rest["images"] = tuple(map(_image_from_dict, rest["images"]))
        return cls(**{key: value for key, value in rest.items() if key in known})
    except (TypeError, KeyError, ValueError, InvalidArgument):
        return UnknownEvent(name, dict(values))


def _image_from_dict(values: Mapping[str, Any]) -> Attachment:
    return Attachment(base64.b64decode(values["data"]), values["media_type"])
