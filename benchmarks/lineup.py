"""Who takes part: our own runs, and those of the peers that could be installed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.environments import NATIVE, Environment, Missing, ours, peer
from benchmarks.findings import Findings
from benchmarks.harness import Run, Samples

OURS = "ours"


def lineup(script: str, parameters: Mapping[str, Any], findings: Findings) -> dict[str, Run]:
    """The same script under ours and under each native SDK; who is missing is noted."""
    runs = {OURS: Run(ours(), script, parameters)}
    for name in NATIVE:
        environment = environment_of(name, findings)
        if environment is not None:
            runs[name] = Run(environment, script, parameters)
    return runs


def environment_of(name: str, findings: Findings) -> Environment | None:
    """A peer's environment, None (and a note) when it cannot take part."""
    found = peer(name)
    if isinstance(found, Missing):
        findings.note(f"{name} is left out: {found.reason}.")
        return None
    return found


def fastest(samples: Samples, figure: str) -> str | None:
    """The native SDK with the smallest median of a figure, None when there is none."""
    present = [name for name in NATIVE if samples.has(name)]
    return min(present, key=lambda name: samples.spread(name, figure).median, default=None)


def note_failures(samples: Samples, findings: Findings) -> None:
    """Say which runs ended with an error."""
    for name, problem in samples.failures.items():
        findings.note(f"{name} is left out of a table: {problem}")


def lines_of(samples: Samples, *figures: tuple[str, int]) -> list[list[str]]:
    """One table line per run: its name and each figure with its spread."""
    return [
        [name, *(samples.spread(name, figure).text(digits) for figure, digits in figures)]
        for name in samples.runs
        if samples.has(name)
    ]
