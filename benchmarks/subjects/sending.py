"""What `send()` adds to a bare httpx request, and how soon the first event arrives."""

from __future__ import annotations

from benchmarks.environments import ours
from benchmarks.findings import Findings
from benchmarks.harness import Run, interleaved, model_server
from benchmarks.lineup import OURS, lines_of, lineup, note_failures

TITLE = "Sending a prompt"
_STREAMS, _HISTORY = 100, 1000
# Ten prompts are what a session is new for: with each the conversation grows.
_SHORT = {"history": 0, "sessions": 20, "prompts": 10}
_LONG = {"history": _HISTORY, "sessions": 1, "prompts": 60}


def run(rounds: int) -> Findings:
    """P4, P5."""
    findings = Findings()
    with model_server(deltas=1) as url:
        short = interleaved(lineup("send", {"url": url, **_SHORT}, findings), rounds)
        long = interleaved(lineup("send", {"url": url, **_LONG}, findings), rounds)
    for samples, title in (
        (short, "first prompts of sessions"),
        (long, f"{_HISTORY:,} messages before"),
    ):
        note_failures(samples, findings)
        findings.table(
            f"`send()` in ms, {title}; bare httpx and `json.dumps` of the same body",
            ["", "send", "bare httpx", "json.dumps", "send minus httpx", "the same in CPU time"],
            lines_of(
                samples,
                ("send_ms", 2),
                ("bare_ms", 2),
                ("encode_ms", 2),
                ("over_ms", 2),
                ("over_cpu_ms", 2),
            ),
        )
    if short.has(OURS):
        over = short.spread(OURS, "over_ms")
        findings.row(
            "P4",
            "`send()` minus bare httpx",
            "at most 0.5 ms",
            over.text(2, " ms"),
            over.median <= 0.5,
        )
        cpu = short.spread(OURS, "over_cpu_ms")
        findings.row("P4", "the same in CPU time", "no limit", cpu.text(2, " ms"), None)
    if short.has(OURS) and long.has(OURS):
        grown = long.spread(OURS, "over_ms").median - long.spread(OURS, "encode_ms").median
        limit = max(0.5, short.spread(OURS, "over_ms").median)
        findings.row(
            "P4",
            f"the same after {_HISTORY:,} messages, less one `json.dumps` of the body",
            f"at most {limit:.2f} ms",
            f"{grown:.2f} ms",
            grown <= limit,
        )
    _first_event(findings, rounds)
    return findings


def _first_event(findings: Findings, rounds: int) -> None:
    with model_server(deltas=3, pace_ms=3) as url:
        runs = {OURS: Run(ours(), "first_event", {"url": url, "count": _STREAMS})}
        samples = interleaved(runs | lineup("first_event", runs[OURS].parameters, findings), rounds)
    note_failures(samples, findings)
    findings.table(
        "From the sending of the first delta to its event, in ms",
        ["", "median", "p99"],
        lines_of(samples, ("median_ms", 2), ("p99_ms", 2)),
    )
    if samples.has(OURS):
        delay = samples.spread(OURS, "median_ms")
        findings.row(
            "P5",
            "first event after the first byte",
            "at most 2 ms",
            delay.text(2, " ms"),
            delay.median <= 2,
        )
