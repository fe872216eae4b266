"""Curves: time and memory as something grows a hundredfold, and the law of the growth."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.environments import ours
from benchmarks.findings import Findings
from benchmarks.growth import exponent
from benchmarks.harness import Run, Samples, interleaved, model_server
from benchmarks.lineup import note_failures

TITLE = "Scale"
_FIGURES = ("wall_s", "cpu_s", "memory_mb")
# Memory comes in pages and arenas: less than this says nothing about growth.
_LEAST_MB = 1.0


@dataclass(frozen=True, slots=True)
class Curve:
    """What grows, through which sizes; `server` are the load server's flags at one size."""

    title: str
    kind: str
    sizes: tuple[int, ...]
    server: Mapping[str, Any] = field(default_factory=dict)
    answer_grows: bool = False
    output_grows: bool = False

    def flags(self, size: int) -> dict[str, Any]:
        """The load server's flags."""
        flags = {"deltas": size if self.answer_grows else 1, **self.server}
        if self.output_grows:
            call = {"name": "bash", "input": {"command": f"seq 1 {size}"}}
            flags["calls"] = json.dumps([call])
        return flags


_DELTAS = (500, 1_500, 5_000, 15_000, 50_000)
_KILOBYTES = (1_000, 3_000, 10_000, 30_000, 100_000)

CURVES = (
    Curve("sessions alive, one prompt each", "sessions", (10, 30, 100, 300, 1_000)),
    Curve("streams at once, 1,000 deltas each", "streams", (1, 3, 10, 30, 100), {"deltas": 1_000}),
    Curve("deltas of 8 characters", "answer", _DELTAS, answer_grows=True),
    Curve(
        "deltas of 100 characters (the last answer has 10 MB)",
        "answer",
        _KILOBYTES,
        {"size": 100},
        answer_grows=True,
    ),
    Curve("deltas of 8 characters in a notebook's cell", "cell", _DELTAS, answer_grows=True),
    Curve(
        "deltas of 100 characters in a notebook's cell (the last answer has 10 MB)",
        "cell",
        _KILOBYTES,
        {"size": 100},
        answer_grows=True,
    ),
    Curve("messages of a given history", "history", (100, 300, 1_000, 3_000, 10_000)),
    Curve(
        "lines of a command's output, asked for by the model in a notebook's cell",
        "cell",
        (1_000, 3_000, 10_000, 30_000, 100_000),
        output_grows=True,
    ),
)


def run(rounds: int) -> Findings:
    """The curves, without targets."""
    findings = Findings()
    findings.note(
        "The exponent is the slope on logarithmic scales: 1 is linear, 2 quadratic; a fixed cost "
        "makes it smaller, so that of the last two sizes stands beside that of all."
    )
    for curve in CURVES:
        _draw(curve, findings, max(1, rounds // 2))
    return findings


def _draw(curve: Curve, findings: Findings, rounds: int) -> None:
    samples = Samples()
    for size in curve.sizes:
        with _servers(curve, size) as urls:
            parameters = {"kind": curve.kind, "n": size, **urls}
            found = interleaved({f"{size:,}": Run(ours(), "scale", parameters)}, rounds)
        samples.runs |= found.runs
        samples.failures |= found.failures
    note_failures(samples, findings)
    sizes = [size for size in curve.sizes if samples.has(f"{size:,}")]
    if not sizes:
        return
    columns = {
        figure: [samples.spread(f"{size:,}", figure).median for size in sizes]
        for figure in _FIGURES
    }
    lines = [
        [f"{size:,}", f"{wall * 1000:.1f}", f"{cpu * 1000:.1f}", f"{memory:.2f}"]
        for size, wall, cpu, memory in zip(sizes, *columns.values(), strict=True)
    ]
    columns["memory_mb"] = [mb if mb >= _LEAST_MB else 0.0 for mb in columns["memory_mb"]]
    for name, few in (("exponent, all sizes", 0), ("exponent, last two", -2)):
        laws = [_law(sizes[few:], values[few:]) for values in columns.values()]
        lines.append([name, *laws])
    findings.table(curve.title, ["n", "wall ms", "CPU ms", "MB more"], lines)


def _law(sizes: list[int], values: list[float]) -> str:
    power = exponent(sizes, values)
    return "" if power is None else f"{power:.2f}"


@contextmanager
def _servers(curve: Curve, size: int) -> Iterator[dict[str, str]]:
    """The measured server's address and that of one for warming up."""
    with model_server(deltas=1) as warm_url, model_server(**curve.flags(size)) as url:
        yield {"url": url, "warm_url": warm_url}
