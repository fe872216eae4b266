"""Interleaved runs in processes of their own, and what can honestly be said about the figures."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from a3s_code.tools.own_group import own_group
from a3s_code.tools.process_tree import kill_tree
from benchmarks.environments import REPOSITORY, Environment

MEASURED = REPOSITORY / "benchmarks" / "measured"
_DEADLINE_S = 120  # a peer that hangs must not hold up the rest
_STRANGE = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONDONTWRITEBYTECODE")


class RunFailed(Exception):
    """A measured script ended with an error; its last line says which."""


@dataclass(frozen=True, slots=True)
class Run:
    """A script of `measured/`, the interpreter for it, and its parameters."""

    environment: Environment
    script: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    deadline_s: float = _DEADLINE_S

    def once(self) -> dict[str, float]:
        """Run it in a fresh process and folder; the figures that it prints.

        Raises `subprocess.TimeoutExpired`, when nothing of what it had started runs any more.
        """
        kept = {name: value for name, value in os.environ.items() if name not in _STRANGE}
        with tempfile.TemporaryDirectory(prefix="a3s-bench-") as folder:
            process = subprocess.Popen(
                [
                    self.environment.python,
                    str(MEASURED / f"{self.script}.py"),
                    json.dumps(self.parameters),
                ],
                env={**kept, **self.environment.variables},
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                **own_group(),
            )
            with process:
                try:
                    output, errors = process.communicate(timeout=self.deadline_s)
                except BaseException:  # too late, or Ctrl-C: JupyterLab and Chromium must end, too
                    kill_tree(process.pid)
                    raise
        if process.returncode != 0:
            last = (errors.strip() or "no message").splitlines()[-1]
            raise RunFailed(f"{self.script} ended with {process.returncode}: {last}")
        figures: dict[str, float] = json.loads(output.splitlines()[-1])
        return figures


@dataclass(frozen=True, slots=True)
class Spread:
    """A median with the smallest and largest value; `count` values in all."""

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """The spread of at least one value."""
        return cls(statistics.median(values), min(values), max(values), len(values))

    def text(self, digits: int = 2, unit: str = "") -> str:
        """`median (low to high)`."""
        return f"{self.median:.{digits}f}{unit} ({self.low:.{digits}f} to {self.high:.{digits}f})"


@dataclass(slots=True)
class Samples:
    """Figures of several runs by the run's name, in the order of the rounds."""

    runs: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def has(self, *names: str) -> bool:
        """Whether all of these runs gave figures."""
        return all(self.runs.get(name) for name in names)

    def spread(self, name: str, figure: str) -> Spread:
        """One figure of one run over the rounds."""
        return Spread.of([sample[figure] for sample in self.runs[name]])

    def ratio(self, name: str, other: str, figure: str) -> Spread:
        """`name` divided by `other`, round by round: what disturbed a round disturbed both."""
        pairs = zip(self.runs[name], self.runs[other], strict=True)
        return Spread.of([mine[figure] / theirs[figure] for mine, theirs in pairs])


def interleaved(runs: Mapping[str, Run], rounds: int) -> Samples:
    """All runs once per round, one after the other, so that drift meets all alike.

    A run that fails is left out from then on and its reason kept.
    """
    samples = Samples({name: [] for name in runs})
    for number in range(rounds):
        for name, run in runs.items():
            if name in samples.failures:
                continue
            _show(f"  round {number + 1} of {rounds}: {name}")
            try:
                samples.runs[name].append(run.once())
            except subprocess.TimeoutExpired:
                samples.failures[name] = f"{run.script} did not end within {run.deadline_s:g} s"
                samples.runs[name] = []
            except (RunFailed, ValueError, IndexError) as error:
                samples.failures[name] = str(error)
                samples.runs[name] = []
    _show("")
    return samples


def _show(progress: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{progress}")
        sys.stderr.flush()


@contextmanager
def model_server(**flags: Any) -> Iterator[str]:
    """A load server in a process of its own (`model_server.py`); its base URL."""
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in flags.items()]
    script = str(Path(__file__).with_name("model_server.py"))
    process = subprocess.Popen(
        [sys.executable, script, *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
