"""grep, glob and read beside ripgrep, GNU grep and the native SDK."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from benchmarks.environments import ours, ripgrep
from benchmarks.findings import Findings
from benchmarks.harness import Run, Samples, interleaved
from benchmarks.lineup import OURS, fastest, lines_of, lineup, note_failures
from benchmarks.tree import FILES, MEGABYTES, RARE, searched_tree

TITLE = "Searching and reading"
_COUNT = 5
_WITHOUT = "ours without rg"
_RG, _GREP = "rg", "GNU grep"
# name, tool, pattern, is it a literal or a glob (which must not be slower than the native SDK)
_CASES = (
    ("grep, rare literal", "grep", RARE, True),
    ("grep, regex", "grep", r"quixotic_n\w+ = \d+5\d*0", False),
    ("grep, case-insensitive alternation", "grep", r"(?i)(quixotic_NEEDLE|absentword)", False),
    ("glob **/*.py", "glob", "**/*.py", True),
    ("glob **/*.md", "glob", "**/*.md", True),
)


def run(rounds: int) -> Findings:
    """P14, P15, P16."""
    findings = Findings()
    tree = searched_tree()
    findings.note(f"The tree has {FILES:,} files, about {MEGABYTES} MB; it is in the page cache.")
    findings.note(
        "The native SDK's glob stops at 100 KiB, which **/*.md stays below and **/*.py does not: "
        "compare the numbers of lines."
    )
    for name, what, pattern, cheap in _CASES:
        samples = interleaved(_runs(findings, tree, what, pattern), rounds)
        note_failures(samples, findings)
        figures = (("ms", 0), ("first_ms", 0), ("lines", 0))
        head = ["", "median ms", "first call ms", "lines"]
        findings.table(name, head, lines_of(samples, *figures))
        _judge(findings, samples, name, cheap)
    _read(findings, rounds)
    return findings


def _runs(findings: Findings, tree: Path, what: str, pattern: str) -> dict[str, Run]:
    common = {"tree": str(tree), "count": _COUNT}
    runs = lineup("search", {**common, "what": what, "pattern": pattern}, findings)
    runs[_WITHOUT] = Run(
        ours().with_variables(PATH=_path_without_rg()), "search", runs[OURS].parameters
    )
    rg = ripgrep() or "rg"
    commands = {
        _RG: [rg, "--no-require-git", "--line-number", "-e", pattern, "."],
        _GREP: ["grep", "-rnE", pattern.removeprefix("(?i)").replace(r"\d", "[0-9]"), "."],
    }
    if what == "glob":
        commands = {_RG: [rg, "--no-require-git", "--files", "--glob", pattern]}
    elif pattern.startswith("(?i)"):
        commands[_GREP].insert(1, "-i")
    for name, command in commands.items():
        if shutil.which(command[0]):
            runs[name] = Run(ours(), "command", {**common, "command": command})
        else:
            findings.note(f"{name} is left out: it is neither on PATH nor could it be installed.")
    return runs


def _path_without_rg() -> str:
    folders = os.environ.get("PATH", "").split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if shutil.which("rg", path=folder) is None)


def _judge(findings: Findings, samples: Samples, name: str, cheap: bool) -> None:
    if samples.has(OURS, _RG):
        ratio = samples.ratio(OURS, _RG, "ms")
        findings.row(
            "P14", f"{name}: ours against rg", "at most 1.25", ratio.text(), ratio.median <= 1.25
        )
    best = fastest(samples, "ms")
    if best is not None and samples.has(_WITHOUT):
        ratio = samples.ratio(_WITHOUT, best, "ms")
        findings.row(
            "P15",
            f"{name}: ours without rg against {best}",
            "at most 1" if cheap else "no limit",
            ratio.text(),
            ratio.median <= 1 if cheap else None,
        )


def _read(findings: Findings, rounds: int) -> None:
    parameters = {"lines": 24_000_000 // 50, "count": 20}
    samples = interleaved(lineup("read", parameters, findings), rounds)
    note_failures(samples, findings)
    findings.table(
        "`read` of 20 lines of a 24 MB file, ms",
        ["", "offset 100", "offset near the end"],
        lines_of(samples, ("near_ms", 2), ("far_ms", 2)),
    )
    if samples.has(OURS):
        near = samples.spread(OURS, "near_ms")
        findings.row(
            "P16",
            "`read` with an offset near the start of a 24 MB file",
            "at most 5 ms",
            near.text(2, " ms"),
            near.median <= 5,
        )
