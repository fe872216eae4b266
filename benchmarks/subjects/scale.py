"""Curves: time and memory as something grows tenfold and again, and the law of the growth."""

from __future__ import annotations

import math
from typing import Any

from benchmarks.environments import ours
from benchmarks.findings import Findings
from benchmarks.harness import Run, Samples, interleaved, model_server
from benchmarks.lineup import note_failures

TITLE = "Scale"
_SESSIONS = (10, 100, 1000)
_DELTAS = (500, 5_000, 50_000)
_MEGABYTES = (0.1, 1, 10)
_MESSAGES = (100, 1_000, 10_000)
_LINES = (1_000, 10_000, 100_000)


def run(rounds: int) -> Findings:
    """The curves, without targets."""
    findings = Findings()
    rounds = max(1, rounds // 2)
    with model_server(deltas=1) as url:
        _curve(findings, "sessions alive, one prompt each", "sessions", _SESSIONS, rounds, url=url)
        _curve(
            findings,
            "messages of a given history, one prompt",
            "history",
            _MESSAGES,
            rounds,
            url=url,
        )
        _curve(findings, "lines of a command's output", "output", _LINES, rounds, url=url)
    _curve(findings, "deltas of an answer", "answer", _DELTAS, rounds, size=8)
    sizes = tuple(int(megabytes * 10_000) for megabytes in _MEGABYTES)
    _curve(findings, "deltas of 100 characters (up to 10 MB)", "answer", sizes, rounds, size=100)
    return findings


def _curve(
    findings: Findings,
    title: str,
    kind: str,
    points: tuple[int, ...],
    rounds: int,
    *,
    url: str | None = None,
    size: int = 8,
) -> None:
    samples = Samples()
    for n in points:
        parameters: dict[str, Any] = {"kind": kind, "n": n}
        if url is not None:
            found = interleaved(
                {f"{n:,}": Run(ours(), "scale", {**parameters, "url": url})}, rounds
            )
        else:
            with model_server(deltas=n, size=size) as own:
                run = Run(ours(), "scale", {**parameters, "url": own})
                found = interleaved({f"{n:,}": run}, rounds)
        samples.runs |= found.runs
        samples.failures |= found.failures
    note_failures(samples, findings)
    lines = [
        [
            name,
            f"{samples.spread(name, 'wall_s').median * 1000:.1f}",
            f"{samples.spread(name, 'cpu_s').median * 1000:.1f}",
            f"{samples.spread(name, 'memory_mb').median:.2f}",
        ]
        for name in samples.runs
        if samples.has(name)
    ]
    findings.table(
        f"{title}: {_law(samples, points)}", ["n", "wall ms", "CPU ms", "MB more"], lines
    )


def _law(samples: Samples, points: tuple[int, ...]) -> str:
    """CPU time between the two largest points as a power of n."""
    small, large = (f"{n:,}" for n in points[-2:])
    if not samples.has(small, large):
        return "no law"
    growth = samples.spread(large, "cpu_s").median / samples.spread(small, "cpu_s").median
    power = math.log(growth) / math.log(points[-1] / points[-2])
    return f"CPU time grows as n^{power:.2f} between the last two"
