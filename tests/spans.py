"""A program that keeps the spans of a session: `python tests/spans.py CONFIG WORKSPACE`.

Prints them as JSON, in the order of their beginnings. It stands in a process of its own because a
process has one provider of spans, once and for all.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opentelemetry import trace

if __name__ == "__main__":  # the folder above is not on the path of a program
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from a3s_code import A3SError, Agent, ContextItem, ContextResult, ContextType, PermissionPolicy

_numbers = itertools.count(1)


class KeptSpan(trace.NonRecordingSpan):
    """Keeps what it is told."""

    def __init__(self, name: str, attributes: Mapping[str, Any] | None) -> None:
        self.told: dict[str, Any] = {
            "name": name,
            "parent": getattr(trace.get_current_span(), "told", {}).get("name"),
            "attributes": dict(attributes or {}),
            "failed": False,
            "ended": False,
        }
        number = next(_numbers)
        super().__init__(trace.SpanContext(number, number, is_remote=False))

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        self.told["attributes"] |= attributes

    def set_status(self, status: Any, description: str | None = None) -> None:
        assert description is None
        self.told["failed"] = status is trace.StatusCode.ERROR

    def record_exception(self, *_args: Any, **_options: Any) -> None:
        raise AssertionError("a message may quote the conversation")

    def end(self, end_time: int | None = None) -> None:
        self.told["ended"] = True


class Keeper(trace.TracerProvider, trace.Tracer):
    """Gives and keeps such spans."""

    def __init__(self) -> None:
        self.spans: list[dict[str, Any]] = []

    def get_tracer(self, *_args: Any, **_options: Any) -> trace.Tracer:
        return self

    def start_span(
        self, name: str, *_args: Any, attributes: Any = None, **_options: Any
    ) -> KeptSpan:
        span = KeptSpan(name, attributes)
        self.spans.append(span.told)
        return span

    @contextmanager
    def start_as_current_span(self, name: str, *_args: Any, **options: Any) -> Iterator[trace.Span]:  # type: ignore[override]  # a context manager like any other
        with trace.use_span(
            self.start_span(name, **options),
            end_on_exit=True,
            record_exception=options.get("record_exception", True),
            set_status_on_exception=options.get("set_status_on_exception", True),
        ) as span:
            yield span


class Weather:
    """A context provider with one item."""

    name = "weather"

    def query(self, _query: object) -> ContextResult:
        item = ContextItem("w", ContextType.RESOURCE, "sun", token_count=7)
        return ContextResult(items=[item], total_tokens=7)


def main(config: str, workspace: str) -> None:
    """Send one prompt."""
    keeper = Keeper()
    trace.set_tracer_provider(keeper)
    policy = PermissionPolicy(allow=["ls", "batch"], deny=["bash"])
    session = Agent.create(config).session(
        workspace,
        permission_policy=policy,
        confirmation_manager=lambda _tool, _args: True,
        context_providers=[Weather()],
        max_tool_rounds=9,
        retry_config={"max_retries": 0},
    )
    try:
        session.send("the secret prompt")
    except A3SError as error:
        sys.stderr.write(f"{error}\n")
    sys.stdout.write(json.dumps({"session_id": session.session_id, "spans": keeper.spans}))


if __name__ == "__main__":
    main(*sys.argv[1:])
