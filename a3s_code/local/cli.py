"""`python -m a3s_kernel model fetch|path`: get the embedded model ahead of its first use."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from a3s_code.errors import LocalModelMissing
from a3s_code.local.model_file import FetchProgress, fetch_model, model_path
from a3s_code.local.source import EMBEDDED, ModelSource

BAR_WIDTH = 30
STEP_PERCENT = 10
USAGE = "usage: python -m a3s_kernel model fetch|path"


def main(argv: Sequence[str]) -> int:
    """Run the words after `model`; returns the exit code (2 for a wrong command)."""
    match list(argv):
        case ["fetch"]:
            return fetch_with_bar(sys.stdout)
        case ["path"]:
            return print_path()
        case ["-h" | "--help"]:
            print(USAGE)  # noqa: T201  # the command's output
            return 0
        case _:
            print(USAGE, file=sys.stderr)  # noqa: T201  # the command's output
            return 2


def print_path() -> int:
    """Print where the model is, or where a fetch would put it."""
    print(model_path())  # noqa: T201  # the command's output
    return 0


def fetch_with_bar(stream: TextIO, source: ModelSource = EMBEDDED) -> int:
    """Fetch the model with a bar on a terminal, else with a line per 10 %. Returns the exit code.

    130 after Ctrl-C, as a shell expects; 1 when the model cannot be had.
    """
    show = _Bar(stream) if stream.isatty() else _Lines(stream)
    try:
        path = fetch_model(show, source=source)
    except LocalModelMissing as error:
        show.finish()
        print(error.problem, file=sys.stderr)  # noqa: T201  # the command's output
        return 1
    except KeyboardInterrupt:
        show.finish()
        return 130
    show.finish()
    print(path, file=stream)  # the command's output
    return 0


class _Lines:
    """Plain lines for a log: each new text once, and the download in steps of 10 %."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._last = stream, ""

    def __call__(self, step: FetchProgress) -> None:
        line = step.text
        if (percent := _percent(step)) is not None:
            line += f" {percent // STEP_PERCENT * STEP_PERCENT} %"
        if line != self._last:
            self._last = line
            print(line, file=self._stream, flush=True)  # the command's output

    def finish(self) -> None:
        """Nothing is left open."""


class _Bar:
    """One line that is redrawn in place, for a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._width = stream, 0

    def __call__(self, step: FetchProgress) -> None:
        line = step.text
        if (percent := _percent(step)) is not None:
            done = "#" * (percent * BAR_WIDTH // 100)
            received = (step.received_bytes or 0) / 1e6
            line += f" [{done:<{BAR_WIDTH}}] {percent:3} % {received:.1f} MB"
        self._stream.write("\r" + line.ljust(self._width))
        self._stream.flush()
        self._width = len(line)

    def finish(self) -> None:
        """Leave the line, if one was begun."""
        if self._width:
            self._stream.write("\n")
            self._stream.flush()


def _percent(step: FetchProgress) -> int | None:
    """Whole percent of the download, None outside of it."""
    if step.received_bytes is None or not step.total_bytes:
        return None
    return step.received_bytes * 100 // step.total_bytes
