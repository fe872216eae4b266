"""`/loop` and durations, row by row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.schedule.grammar import (
    LoopRequest,
    format_interval,
    format_remaining,
    mistaken_interval,
    parse_interval,
    parse_loop,
)


@pytest.mark.parametrize(
    ("word", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("2h", 7_200),
        ("1d", 86_400),
        ("0s", 1),
        ("0d", 1),
        ("007m", 420),
        ("", None),
        ("5", None),
        ("m", None),
        ("5 m", None),
        ("5M", None),
        ("5w", None),
        ("-5m", None),
        ("1.5h", None),
        ("5min", None),
        ("\N{ARABIC-INDIC DIGIT FIVE}m", None),
        ("9" * 5000 + "s", None),
    ],
)
def test_an_interval_is_digits_and_one_unit(word: str, seconds: int | None) -> None:
    assert parse_interval(word) == seconds


@pytest.mark.parametrize(
    ("args", "prompt", "seconds"),
    [
        ("5m check the build", "check the build", 300),
        ("check the build every 5m", "check the build", 300),
        ("check the build", "check the build", 600),
        ("  30s   check the build  ", "check the build", 30),
        ("check  every\t2h", "check", 7_200),
        ("5m check every 10m", "check every 10m", 300),
        ("check every day", "check every day", 600),
        ("check every 5 minutes", "check every 5 minutes", 600),
        ("check every", "check every", 600),
        ("every 5m check", "every 5m check", 600),
        ("count to 5m", "count to 5m", 600),
        ("bob-every 5m", "bob-every 5m", 600),
        ("every every 5m", "every", 300),
        ("5M check", "5M check", 600),
        ("0s tick", "tick", 1),
        ("5m first\n  second line", "first\n  second line", 300),
        ("first\n  second every 5m", "first\n  second", 300),
        ("1m /cost", "/cost", 60),
    ],
)
def test_the_interval_is_taken_out_of_the_prompt(args: str, prompt: str, seconds: int) -> None:
    assert parse_loop(args) == LoopRequest(prompt, seconds)


@pytest.mark.parametrize(
    ("args", "word"),
    [
        ("10x hi", "10x"),
        ("5min check the build", "5min"),
        ("1.5h check", "1.5h"),
        ("5M check", "5M"),
        ("9999999999s check", "9999999999s"),
        ("check every 5mins", "5mins"),
        ("3 bugs are open: which?", None),
        ("check every 5", None),
        ("check every day", None),
        ("check 10x", None),
        ("5m 10x hi", None),
        ("10x hi every 5m", None),
        ("check", None),
        ("", None),
    ],
)
def test_what_looks_like_an_interval_and_is_none(args: str, word: str | None) -> None:
    assert mistaken_interval(args) == word


@pytest.mark.parametrize("args", ["", "  ", "5m", " 5m ", "every 5m"])
def test_without_a_prompt_there_is_nothing_to_do(args: str) -> None:
    assert parse_loop(args) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "1s"),
        (30, "30s"),
        (90, "90s"),
        (300, "5m"),
        (600, "10m"),
        (5_400, "90m"),
        (7_200, "2h"),
        (86_400, "1d"),
        (129_600, "36h"),
    ],
)
def test_intervals_are_printed_short(seconds: int, text: str) -> None:
    assert format_interval(seconds) == text


@given(st.integers(1, 10**8))
def test_a_printed_interval_reads_back(seconds: int) -> None:
    assert parse_interval(format_interval(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (45, "45s"),
        (60, "1m"),
        (200, "3m20s"),
        (3_600, "1h"),
        (3_605, "1h"),
        (90_061, "1d1h"),
    ],
)
def test_waiting_times_have_two_units_at_most(seconds: int, text: str) -> None:
    assert format_remaining(seconds) == text
