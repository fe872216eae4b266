"""What may follow `/loop`, and the short form of durations. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

DEFAULT_INTERVAL_S = 600
MIN_INTERVAL_S = 1

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
# More digits than this are no duration anybody means; and int() has a limit of its own.
_INTERVAL = re.compile(r"([0-9]{1,9})([smhd])")
_MEANT_AS_INTERVAL = re.compile(r"[0-9]+([.,][0-9]+)?[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class LoopRequest:
    """A prompt and the seconds between two of its runs, at least 1."""

    prompt: str
    interval_s: int


def parse_interval(word: str) -> int | None:
    """Seconds of `30s`, `5m`, `2h` or `1d`, at least 1; None for anything else."""
    match = _INTERVAL.fullmatch(word)
    if match is None:
        return None
    return max(MIN_INTERVAL_S, int(match[1]) * _UNITS[match[2]])


def parse_loop(args: str) -> LoopRequest | None:
    """What `/loop` is asked to do; None when there is no prompt.

    An interval as the first word counts before a closing `every <interval>`; either is taken out of
    the prompt, and the prompt's own line breaks and spaces stay.
    """
    first, _, rest = _partition(args)
    interval_s = parse_interval(first)
    if interval_s is not None:
        return LoopRequest(rest, interval_s) if rest else None
    words = args.split()
    if len(words) >= 2 and words[-2] == "every":
        interval_s = parse_interval(words[-1])
        if interval_s is not None:
            prompt = args.strip().removesuffix(words[-1]).rstrip().removesuffix("every").strip()
            return LoopRequest(prompt, interval_s) if prompt else None
    prompt = args.strip()
    return LoopRequest(prompt, DEFAULT_INTERVAL_S) if prompt else None


def mistaken_interval(args: str) -> str | None:
    """The word of `/loop` that stands where an interval would and looks like one, but is none.

    Such as `10x` and `5min`, in front or behind a closing `every`; it is a part of the prompt. None
    when another word is the interval.
    """
    words = args.split()
    places = [*words[:1], *(words[-1:] if words[-2:-1] == ["every"] else [])]
    if any(parse_interval(word) is not None for word in places):
        return None
    return next((word for word in places if _MEANT_AS_INTERVAL.fullmatch(word)), None)


def format_interval(seconds: int) -> str:
    """The duration in the largest unit that needs no fraction: `90s`, `5m`, `2h`, `1d`."""
    for unit, size in _UNITS.items():
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def format_remaining(seconds: int) -> str:
    """A waiting time in its two largest units: `45s`, `3m20s`, `1h`, `2d5h`."""
    parts: list[str] = []
    for unit, size in _UNITS.items():
        count, seconds = divmod(seconds, size)
        if count or parts:
            parts.append(f"{count}{unit}" if count else "")
        if len(parts) == 2:
            break
    return "".join(parts) or "0s"


def _partition(text: str) -> tuple[str, str, str]:
    """First word, the space behind it, and the rest without outer space."""
    words = text.split(None, 1)
    if len(words) < 2:
        return text.strip(), "", ""
    return words[0], " ", words[1].strip()
