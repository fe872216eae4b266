"""The cost of saving a session's turn."""

from __future__ import annotations

from benchmarks.environments import ours
from benchmarks.findings import Findings
from benchmarks.harness import Run, interleaved
from benchmarks.lineup import note_failures

TITLE = "Saving"
_TURNS, _SIZES = 1000, (4700, 0)
_TIME_LIMIT, _BYTES_LIMIT = 1.5, 3.0


def run(rounds: int) -> Findings:
    """P17."""
    findings = Findings()
    runs = {
        f"turns of {size or 'few'} bytes": Run(ours(), "saving", {"turns": _TURNS, "size": size})
        for size in _SIZES
    }
    samples = interleaved(runs, rounds)
    note_failures(samples, findings)
    for name in runs:
        if samples.has(name):
            time, written = samples.spread(name, "slower"), samples.spread(name, "more")
            findings.row(
                "P17",
                f"saving turn {_TURNS:,} against turn 10, {name}",
                f"at most {_TIME_LIMIT}",
                time.text(),
                time.median <= _TIME_LIMIT,
            )
            findings.row(
                "P17",
                f"bytes written against the final size, {name}",
                f"at most {_BYTES_LIMIT:g}",
                written.text(),
                written.median <= _BYTES_LIMIT,
            )
    return findings
