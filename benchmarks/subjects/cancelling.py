"""How soon `cancel()` ends a run, and what of a command survives it."""

from __future__ import annotations

import json

from benchmarks.environments import ours
from benchmarks.findings import Findings
from benchmarks.harness import Run, interleaved, model_server
from benchmarks.lineup import OURS, lines_of, lineup, note_failures

TITLE = "Cancelling"
_STREAMS, _COMMANDS = 100, 30
_COMMAND = "sleep 6 & (sleep 6; true) & wait"
_HEAD = ["", "p50", "p99", "processes left"]
_FIGURES = (("median_ms", 2), ("p99_ms", 2), ("survivors", 0))


def run(rounds: int) -> Findings:
    """P10."""
    findings = Findings()
    with model_server(deltas=500, pace_ms=2) as url:
        parameters = {"url": url, "during": "answer", "count": _STREAMS}
        answers = interleaved(lineup("cancel", parameters, findings), rounds)
    calls = json.dumps([{"name": "bash", "input": {"command": _COMMAND}}])
    with model_server(deltas=1, calls=calls) as url:
        parameters = {"url": url, "during": "command", "count": 1}
        runs = lineup("cancel", parameters, findings)
        runs[OURS] = Run(ours(), "cancel", {**parameters, "count": _COMMANDS})
        commands = interleaved(runs, 1)
    for samples, what in ((answers, "while a model answers"), (commands, "while a command runs")):
        note_failures(samples, findings)
        findings.table(
            f"From `cancel()` {what} to the stream's end, ms", _HEAD, lines_of(samples, *_FIGURES)
        )
    findings.note(f"The command is `{_COMMAND}`; the native SDK is cancelled once only.")
    if answers.has(OURS):
        last = answers.spread(OURS, "p99_ms")
        findings.row(
            "P10",
            "cancel during a stream, p99",
            "at most 20 ms",
            last.text(1, " ms"),
            last.median <= 20,
        )
    if commands.has(OURS):
        last, left = commands.spread(OURS, "p99_ms"), commands.spread(OURS, "survivors")
        findings.row(
            "P10",
            "cancel during a running command tree, p99",
            "at most 100 ms, no process left",
            f"{last.median:.1f} ms, {left.high:.0f} left",
            last.median <= 100 and left.high == 0,
        )
    return findings
