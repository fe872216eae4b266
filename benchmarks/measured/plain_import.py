"""CPU and wall milliseconds of `import a3s_code` in a bare interpreter."""

import json
import sys
import time

cpu, wall = time.process_time(), time.perf_counter()
import a3s_code  # noqa: F401

figures = {
    "cpu_ms": (time.process_time() - cpu) * 1000,
    "wall_ms": (time.perf_counter() - wall) * 1000,
}
sys.stdout.write(f"\n{json.dumps(figures)}\n")
