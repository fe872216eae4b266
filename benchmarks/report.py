"""RESULTS.md from the findings of all subjects measured so far."""

from __future__ import annotations

import functools
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path

from benchmarks.environments import REPOSITORY, bench_folder
from benchmarks.findings import Findings, Row, Table

RESULTS = REPOSITORY / "benchmarks" / "RESULTS.md"
_TARGETS = 19
_INTRODUCTION = """\
# Benchmarks

Written by `python -m benchmarks`. Subjects can be measured one by one, so each names its command.

Read ratios, not milliseconds: the machine is shared. Each figure is the median of the rounds with
the smallest and the largest value behind it; runs that are compared took turns in one go, each in a
process of its own, and a ratio is the median of the rounds' ratios. A cross is a target that was
missed.
"""


def store(name: str, findings: Findings, rounds: int) -> None:
    """Keep a subject's findings until it is measured again."""
    findings.command = _command(name, rounds)
    findings.commit = _commit()
    _stored(name).write_text(json.dumps(findings.to_dict()), "utf-8")


def is_known(name: str, rounds: int) -> bool:
    """Whether a subject was measured by the same command at the present commit."""
    found = _found(name)
    return found is not None and (found.command, found.commit) == (
        _command(name, rounds),
        _commit(),
    )


def write(titles: Mapping[str, str]) -> Path:
    """Write RESULTS.md; subjects in the order of `titles`, by name. The file's path."""
    found = {
        title: findings for name, title in titles.items() if (findings := _found(name)) is not None
    }
    rows = [row for findings in found.values() for row in findings.rows]
    parts = [_INTRODUCTION, _machine(), "## Targets\n", _targets(rows)]
    for title, findings in found.items():
        parts += [
            f"## {title}\n",
            f"`{findings.command}`, commit {findings.commit}\n",
            *(f"{note}\n" for note in findings.notes),
        ]
        parts += [_table(table) for table in findings.tables]
    RESULTS.write_text("\n".join(parts), "utf-8")
    return RESULTS


def _command(name: str, rounds: int) -> str:
    return f"python -m benchmarks {name} --rounds {rounds}"


@functools.cache
def _commit() -> str:
    """The commit that is measured, with a plus sign when files differ from it."""
    said = _git("rev-parse", "--short", "HEAD")
    if said is None or said.returncode != 0:
        return "unknown"
    differs = _git("diff", "--quiet", "HEAD", "--", "a3s_code", "a3s_kernel", "magics")
    return said.stdout.strip() + ("+" if differs is None or differs.returncode else "")


def _git(*arguments: str) -> subprocess.CompletedProcess[str] | None:
    command = ["git", "-C", str(REPOSITORY), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:  # there is no git
        return None


def _machine() -> str:
    cores = os.cpu_count() or 1
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"Last measured with {python} on {platform.system()}, {platform.machine()}, {cores} cores.\n"


def _found(name: str) -> Findings | None:
    """What was stored for a subject, None when it was never measured, or by another version."""
    try:
        return Findings.from_dict(json.loads(_stored(name).read_text("utf-8")))
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _stored(name: str) -> Path:
    folder = bench_folder() / "findings"
    folder.mkdir(exist_ok=True)
    return folder / f"{name}.json"


def _targets(rows: list[Row]) -> str:
    lines = []
    for number in range(1, _TARGETS + 1):
        target = f"P{number}"
        mine = [row for row in rows if row.target.split()[0] == target]
        for row in mine:
            mark = {True: "✓", False: "✗", None: ""}[row.met]
            lines.append([row.target, row.what, row.limit, row.measured, mark])
        if not mine:
            lines.append([target, "", "", "not measured here", ""])
    return _grid(["", "what", "target", "measured", ""], lines)


def _table(table: Table) -> str:
    return f"### {table.title}\n\n{_grid(table.head, table.lines)}"


def _grid(head: list[str], lines: list[list[str]]) -> str:
    def line(cells: list[str]) -> str:
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"

    rule = f"|{'---|' * len(head)}"
    return "\n".join([line(head), rule, *map(line, lines)]) + "\n"
