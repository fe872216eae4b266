"""Many streams in one process, and read-only tools beside each other."""

from __future__ import annotations

import json

from benchmarks.environments import ours
from benchmarks.findings import Findings
from benchmarks.harness import Run, interleaved, model_server
from benchmarks.lineup import OURS, lines_of, note_failures

TITLE = "Concurrency"
_STREAMS, _EACH = 100, 3_000
_MANY, _ONE, _IN_TURN = (
    f"{_STREAMS} streams at once",
    "one stream",
    f"{_STREAMS} streams one after the other",
)


def run(rounds: int) -> Findings:
    """P18, P19."""
    findings = Findings()
    _streams(findings, rounds)
    _tools(findings, rounds)
    return findings


def _streams(findings: Findings, rounds: int) -> None:
    with (
        model_server(deltas=_EACH, packing="single") as small,
        model_server(deltas=_STREAMS * _EACH, packing="single") as large,
        model_server(deltas=3) as warm_url,
    ):
        runs = {
            name: Run(
                ours(),
                "concurrent_streams",
                {"url": url, "warm_url": warm_url, "streams": count, "together": name == _MANY},
            )
            for name, url, count in (
                (_MANY, small, _STREAMS),
                (_ONE, large, 1),
                (_IN_TURN, small, _STREAMS),
            )
        }
        samples = interleaved(runs, rounds)
    note_failures(samples, findings)
    findings.table(
        f"{_STREAMS * _EACH:,} deltas in all, one chunk per event, `async for`",
        ["", "events per CPU-s", "wall s"],
        lines_of(samples, ("per_cpu_s", 0), ("wall_s", 2)),
    )
    if samples.has(*runs):
        ratio = samples.ratio(_MANY, _ONE, "per_cpu_s")
        findings.row(
            "P18",
            f"{_STREAMS} concurrent streams: events per CPU-second against one stream",
            "at least 0.8",
            ratio.text(),
            ratio.median >= 0.8,
        )


def _tools(findings: Findings, rounds: int) -> None:
    calls = json.dumps([{"name": "pause", "input": {"number": number}} for number in range(8)])
    with model_server(deltas=1, calls=calls) as url:
        samples = interleaved({OURS: Run(ours(), "together", {"url": url, "count": 5})}, rounds)
    note_failures(samples, findings)
    if samples.has(OURS):
        taken = samples.spread(OURS, "ms")
        findings.row(
            "P19",
            "a prompt with 8 read-only calls of 100 ms in one turn",
            "at most 250 ms",
            taken.text(0, " ms"),
            taken.median <= 250,
        )
