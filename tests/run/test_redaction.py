"""Redacting the deltas of several speakers."""

from __future__ import annotations

from a3s_code import DefaultSecurityProvider
from a3s_code.events import TextDelta
from a3s_code.run.redaction import EventRedactor
from a3s_code.security.guard import SecurityGuard

KEY = "sk-abcdefghijklmnopqrstuvwxyz0123456789"


def test_what_is_cut_in_two_is_found_although_another_speaks_between() -> None:
    redactor = EventRedactor(SecurityGuard(DefaultSecurityProvider()))
    shown = redactor.feed(
        [
            TextDelta(text=f"key {KEY[:10]}", task_id="a"),
            TextDelta(text="hello ", task_id="b"),
            TextDelta(text=f"{KEY[10:]} end", task_id="a"),
            TextDelta(text="world"),
        ]
    )
    said: dict[str | None, str] = {}
    for event in [*shown, *redactor.rest()]:
        said[event.task_id] = said.get(event.task_id, "") + event.text
    assert said["b"] == "hello "
    assert said[None] == "world"
    assert said["a"].startswith("key ")
    assert said["a"].endswith(" end")
    assert KEY[:10] not in said["a"]
