"""Creating agents and sessions, repeated and for the first time."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.environments import ours
from benchmarks.findings import Findings
from benchmarks.harness import Run, interleaved
from benchmarks.lineup import OURS, lines_of, lineup, note_failures

TITLE = "Creation"
_COUNT = 300


def run(rounds: int) -> Findings:
    """P7."""
    findings = Findings()
    samples = interleaved(lineup("creation", {"count": _COUNT}, findings), rounds)
    note_failures(samples, findings)
    findings.table(
        "Repeated in one process, ms",
        ["", "`Agent.create`", "`Agent.session`"],
        lines_of(samples, ("create_ms", 3), ("session_ms", 3)),
    )
    if samples.has(OURS):
        for figure, what, limit in (
            ("session_ms", "session creation", 0.3),
            ("create_ms", "`Agent.create`, repeated", 1.0),
        ):
            spread = samples.spread(OURS, figure)
            findings.row(
                "P7", what, f"at most {limit} ms", spread.text(3, " ms"), spread.median <= limit
            )
    _first(findings)
    return findings


def _first(findings: Findings) -> None:
    """One process after the other with caches that were empty before the first."""
    with tempfile.TemporaryDirectory(prefix="a3s-bench-") as folder:
        environment = ours().with_variables(A3S_CACHE_DIR=str(Path(folder) / "cache"))
        run = Run(environment, "first_create")
        seen = [(name, run.once()) for name in ("cold caches", "second process", "third process")]
    findings.table(
        "First `Agent.create` of a process",
        ["", "wall s", "CPU s", "lines in the log"],
        [
            [name, f"{run['wall_s']:.3f}", f"{run['cpu_s']:.3f}", f"{run['announced']:.0f}"]
            for name, run in seen
        ],
    )
    cold, second = seen[0][1], seen[1][1]
    findings.row(
        "P7",
        "first `Agent.create` ever, then in the next process: the long wait is announced, and only once",
        "announced once, or below 1 s; then below 1 s of CPU time",
        f"{cold['cpu_s']:.2f} s CPU with {cold['announced']:.0f} lines in the log, then {second['cpu_s']:.2f} s",
        (cold["announced"] == 1 or cold["cpu_s"] < 1) and second["cpu_s"] < 1,
    )
