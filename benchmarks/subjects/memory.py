"""Memory of sessions: alive, and left behind."""

from __future__ import annotations

from benchmarks.findings import Findings
from benchmarks.harness import interleaved, model_server
from benchmarks.lineup import OURS, lines_of, lineup, note_failures

TITLE = "Memory"
_COUNT = 1000


def run(rounds: int) -> Findings:
    """P6."""
    findings = Findings()
    with model_server(deltas=1) as url:
        runs = lineup("memory", {"url": url, "count": _COUNT}, findings)
        samples = interleaved(runs, max(1, rounds // 2))
    note_failures(samples, findings)
    findings.table(
        f"kB per session, {_COUNT:,} of them, in memory that only the process holds",
        ["", "alive, new", "alive, after one prompt", "kept of a dropped one"],
        lines_of(samples, ("live_kb", 1), ("spoken_kb", 1), ("dropped_kb", 2)),
    )
    if samples.has(OURS):
        for figure, what, limit in (
            ("live_kb", f"memory per live session, {_COUNT:,} alive", 20),
            ("spoken_kb", f"memory per live session after one prompt, {_COUNT:,} alive", 20),
            ("dropped_kb", "memory kept per dropped session", 1),
        ):
            spread = samples.spread(OURS, figure)
            findings.row(
                "P6", what, f"at most {limit} kB", spread.text(1, " kB"), spread.median <= limit
            )
    return findings
