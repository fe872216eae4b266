"""The lines of `%a3s sessions`."""

from __future__ import annotations

import re

from a3s_code import SessionSummary
from a3s_magics.session_list import MAX_OTHERS, session_list

HOSTILE = "\x1b[2Jgone \u202e\n* fake  line \ud800<script>alert(1)</script>"


def saved(number: int, first: str = "Plot the tides") -> SessionSummary:
    """A session that was used so many days after the first of January 2024."""
    day = 86_400
    return SessionSummary(
        id=f"id-{number}",
        first_prompt=first,
        prompts=number,
        updated_at=1_704_110_400 + number * day,
    )


def test_named_sessions_come_first_and_the_one_in_use_is_marked() -> None:
    text = session_list(
        {"main": "id-1", "new": "unsaved"}, [saved(5), saved(1)], "id-5", everything=False
    )
    assert [re.sub(r"\d\d:\d\d", "HH:MM", line) for line in text.splitlines()] == [
        "  main  id-1     1 prompt   2024-01-02 HH:MM  Plot the tides",
        "  new   unsaved  0 prompts",
        "*       id-5     5 prompts  2024-01-06 HH:MM  Plot the tides",
    ]


def test_hostile_text_stays_on_its_line_and_is_short() -> None:
    hostile = SessionSummary(
        id="a\x1b[31m\nb", first_prompt=HOSTILE * 9, prompts=1, updated_at=10**30
    )
    (line,) = session_list({}, [hostile], "", everything=False).splitlines()
    assert line.isprintable()
    assert line.startswith("  a b  1 prompt  gone * fake line <script>")
    assert len(line) < 100
    line.encode("utf-8")


def test_of_many_the_latest_are_shown_and_always_the_one_in_use() -> None:
    many = [saved(number) for number in reversed(range(1000))]
    lines = session_list({}, many, "id-3", everything=False).splitlines()
    assert len(lines) == MAX_OTHERS + 2
    assert lines[0].split()[0] == "id-999"
    assert lines[-2].split()[:2] == ["*", "id-3"]
    assert lines[-1] == f"  … {1000 - MAX_OTHERS - 1} older; %a3s sessions all lists them"
    assert len(session_list({}, many, "id-3", everything=True).splitlines()) == 1000


def test_what_cannot_be_read_says_so_and_nothing_is_said_as_well() -> None:
    damaged = SessionSummary(id="d", prompts=None)
    assert session_list({}, [damaged], "", everything=False) == "  d  cannot be read"
    assert session_list({}, [], "", everything=False) == "There are no saved sessions."
