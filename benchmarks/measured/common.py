"""What measured scripts share. Runs under the peers' interpreters too: no import of ours here."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import a3s_code

PARAMETERS: dict[str, Any] = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}


def is_native() -> bool:
    """Whether `a3s_code` is the native SDK."""
    return hasattr(a3s_code, "_native")


def config(base_url: str, protocol: str = "openai") -> str:
    """Configuration text for one model; each implementation reads one of the two spellings."""
    label = f'providers "{protocol}" {{' if is_native() else f'providers {{\n  name = "{protocol}"'
    model = 'models "m" {' if is_native() else 'models {\n    id = "m"'
    return f"""
default_model = "{protocol}/m"
{label}
  api_key = "k"
  base_url = "{base_url}"
  {model}
    name = "m"
    tool_call = true
  }}
}}
"""


def agent(base_url: str, protocol: str = "openai") -> Any:
    """An agent for the server at `base_url`. The native SDK takes text too."""
    return a3s_code.Agent.create(config(base_url, protocol))


def options() -> Any:
    """Options under which tools run unasked and one prompt is one model call."""
    chosen = a3s_code.SessionOptions()
    if not is_native():
        chosen.permissive = True
        chosen.continuation_enabled = False
        return chosen
    if hasattr(chosen, "planning_mode"):
        chosen.planning_mode = "disabled"
    chosen.continuation_enabled = False
    if hasattr(a3s_code, "PermissionPolicy"):
        chosen.permission_policy = a3s_code.PermissionPolicy(default_decision="allow")
    return chosen


def session(base_url: str, protocol: str = "openai") -> Any:
    """A session in the current folder."""
    return agent(base_url, protocol).session(os.getcwd(), options())


def unique_memory() -> int:
    """Bytes that only this process holds; resident ones where the system does not tell."""
    import psutil

    process = psutil.Process()
    try:
        return int(process.memory_full_info().uss)
    except (psutil.Error, AttributeError):
        return int(process.memory_info().rss)


class Clock:
    """Wall and CPU seconds since its making; CPU of all threads, children not included."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def figures(self) -> dict[str, float]:
        """`wall_s` and `cpu_s`."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return {"wall_s": wall, "cpu_s": cpu}


def report(**figures: float) -> None:
    """Print the result; the harness reads the last line."""
    sys.stdout.write(f"\n{json.dumps(figures)}\n")
    sys.stdout.flush()
    os._exit(0)  # threads of a peer must not hold the measurement up
