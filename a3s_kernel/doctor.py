"""`python -m a3s_kernel doctor`: what `%a3s doctor` says, for the working directory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from a3s_kernel.arguments import OneLineParser


def doctor(argv: Sequence[str]) -> int:
    """Print the report; the exit code is 1 when a line is marked as a problem, else 0."""
    parser = OneLineParser(
        prog="python -m a3s_kernel doctor",
        description="Show what is installed, configured and missing. Keys are never printed.",
    )
    parser.parse_args(argv)
    from a3s_magics.check import page
    from a3s_magics.doctor import outside, report

    found = list(report(Path.cwd(), outside()))
    print(page(found))  # noqa: T201  # a command line program
    return int(any(check.problem for check in found))
