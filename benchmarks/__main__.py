"""`python -m benchmarks [names]`: measure, and write `benchmarks/RESULTS.md`.

What a subject found is kept, so that subjects can be measured one by one, and an interrupted run goes on
with `--missing`. `--quick` measures everything once.
"""

from __future__ import annotations

import argparse
import os
import sys

from benchmarks import report
from benchmarks.findings import Findings
from benchmarks.subjects import (
    cancelling,
    concurrency,
    creation,
    imports,
    memory,
    notebooks,
    saves,
    scale,
    searching,
    sending,
    streams,
)

SUBJECTS = {
    "streams": streams,
    "sending": sending,
    "memory": memory,
    "creation": creation,
    "imports": imports,
    "cancelling": cancelling,
    "searching": searching,
    "saving": saves,
    "concurrency": concurrency,
    "scale": scale,
    "notebooks": notebooks,
}


def main() -> int:
    """Measure the named subjects, all by default; prints the rows as they come."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(SUBJECTS))
    parser.add_argument("--rounds", type=int, default=3, help="how often each run is repeated")
    parser.add_argument("--quick", action="store_true", help="the same as --rounds 1")
    parser.add_argument(
        "--missing", action="store_true", help="leave out what was measured at this commit already"
    )
    options = parser.parse_args()
    rounds = 1 if options.quick else options.rounds
    unknown = [name for name in options.names if name not in SUBJECTS]
    if unknown or rounds < 1:
        parser.error(f"unknown subject {unknown[0]!r}" if unknown else "at least one round")
    for name in options.names or SUBJECTS:
        if options.missing and report.is_known(name, rounds):
            continue
        sys.stderr.write(f"{SUBJECTS[name].TITLE}\n")
        findings = SUBJECTS[name].run(rounds)
        _note_load(findings)
        report.store(name, findings, rounds)
        for row in findings.rows:
            mark = {True: "met", False: "MISSED", None: ""}[row.met]
            sys.stdout.write(f"{row.target:4} {row.what}: {row.measured}; {row.limit} {mark}\n")
        for note in findings.notes:
            sys.stdout.write(f"     {note}\n")
        sys.stdout.flush()
    titles = {name: subject.TITLE for name, subject in SUBJECTS.items()}
    path = report.write(titles)
    sys.stdout.write(f"{path}\n")
    return 0


def _note_load(findings: Findings) -> None:
    """Say so when others had the processors too: wall times then tell more about them than of us."""
    if not hasattr(os, "getloadavg"):
        return
    load, cores = os.getloadavg()[1], os.cpu_count() or 1
    if load > cores:
        findings.note(
            f"Others used the machine too: {load:.1f} runnable processes on {cores} cores (average "
            "of 5 minutes). Wall times are then mostly waiting; CPU times are better evidence."
        )


if __name__ == "__main__":
    sys.exit(main())
