"""A turn in the notebook: what it sends, whether all of it arrives, how soon a click ends it."""

from __future__ import annotations

from benchmarks.environments import ours
from benchmarks.findings import Findings
from benchmarks.harness import Run, interleaved
from benchmarks.lineup import lines_of, note_failures

TITLE = "In the notebook"
_DELTAS = (2_000, 10_000, 50_000)
_CLICKS, _CHARACTERS = 20, 60_000


def run(rounds: int) -> Findings:
    """P11, P12, P13."""
    findings = Findings()
    _bytes(findings)
    _browser(findings, rounds)
    return findings


def _bytes(findings: Findings) -> None:
    runs = {f"{n} deltas": Run(ours(), "iopub_bytes", {"deltas": n}) for n in _DELTAS}
    samples = interleaved(runs, 1)  # the same count each time: nothing is timed
    note_failures(samples, findings)
    findings.table(
        "The live view on iopub, 100 deltas of five characters a second",
        ["", "bytes per delta", "messages per second"],
        lines_of(samples, ("bytes_per_delta", 0), ("messages_per_s", 1)),
    )
    if samples.has(*runs):
        spent = [samples.spread(name, "bytes_per_delta").median for name in runs]
        findings.row(
            "P12",
            "bytes on iopub per delta, 2k to 50k deltas",
            "flat, at most 400",
            ", ".join(f"{each:.0f}" for each in spent),
            max(spent) <= 400 and max(spent) <= 1.5 * min(spent),
        )


def _browser(findings: Findings, rounds: int) -> None:
    click, flood = "click on Cancel", "a model at full speed"
    runs = {
        click: Run(ours(), "in_browser", {"what": "cancel", "count": _CLICKS}),
        flood: Run(ours(), "in_browser", {"what": "flood", "characters": _CHARACTERS}),
    }
    samples = interleaved(runs, rounds)
    note_failures(samples, findings)
    if samples.has(click):
        last = samples.spread(click, "p99_ms")
        findings.table(
            "From the click on Cancel to the cell's end, by the page's clock, ms",
            ["", "p50", "p99"],
            [[click, *(samples.spread(click, name).text(1) for name in ("median_ms", "p99_ms"))]],
        )
        findings.row(
            "P11",
            "click on Cancel in the browser to the turn's end, p99",
            "at most 100 ms",
            last.text(0, " ms"),
            last.median <= 100,
        )
    if samples.has(flood):
        screen = samples.spread(flood, "lost_on_screen")
        file = samples.spread(flood, "lost_in_file")
        findings.row(
            "P13",
            f"lost of {_CHARACTERS} characters under Jupyter Server's default limits",
            "0",
            f"{screen.high:.0f} on screen, {file.high:.0f} in the file",
            screen.high == file.high == 0,
        )
