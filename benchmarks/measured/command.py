"""Median milliseconds of a command with its output read, beside our own tools."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from typing import Any

PARAMETERS: dict[str, Any] = json.loads(sys.argv[1])


def main() -> None:
    taken = []
    for _ in range(PARAMETERS["count"]):
        begin = time.perf_counter()
        done = subprocess.run(
            PARAMETERS["command"], cwd=PARAMETERS["tree"], capture_output=True, check=False
        )
        done.stdout.decode("utf-8", "replace")
        taken.append((time.perf_counter() - begin) * 1000)
    if done.returncode > 1:
        raise SystemExit(done.stderr.decode("utf-8", "replace"))
    figures = {
        "ms": statistics.median(taken),
        "first_ms": taken[0],
        "lines": done.stdout.count(b"\n"),
    }
    sys.stdout.write(f"\n{json.dumps(figures)}\n")


main()
