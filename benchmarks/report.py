"""RESULTS.md from the findings of all subjects measured so far."""

from __future__ import annotations

import json
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
    findings.command = f"python -m benchmarks {name} --rounds {rounds}"
    _stored(name).write_text(json.dumps(findings.to_dict()), "utf-8")


def write(titles: Mapping[str, str]) -> Path:
    """Write RESULTS.md; subjects in the order of `titles`, by name. The file's path."""
    found = {
        title: Findings.from_dict(json.loads(_stored(name).read_text("utf-8")))
        for name, title in titles.items()
        if _stored(name).is_file()
    }
    rows = [row for findings in found.values() for row in findings.rows]
    parts = [_INTRODUCTION, "## Targets\n", _targets(rows)]
    for title, findings in found.items():
        parts += [
            f"## {title}\n",
            f"`{findings.command}`\n",
            *(f"{note}\n" for note in findings.notes),
        ]
        parts += [_table(table) for table in findings.tables]
    RESULTS.write_text("\n".join(parts), "utf-8")
    return RESULTS


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
