"""Ending everything that a command started, not only its process group."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable

_FREEZE_S = 5.0  # for a tree that grows faster than it is looked at; milliseconds as a rule


def kill_tree(pid: int) -> None:
    """Kill the process group that `pid` leads and all that descends from `pid`.

    A child that made itself a session of its own (`setsid`) is found through its parents, unless
    these have ended before. All are stopped before the first is killed, so that none can start
    another one meanwhile, or lose the parent by which its children are found. Blocks: on Windows
    for as long as `taskkill` takes.
    """
    if os.name == "nt":
        _run(["taskkill", "/F", "/T", "/PID", str(pid)])
        return
    others = _frozen(pid)
    # The number stays taken while the group has members, so this can only miss, not hit another.
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a zombie
        os.killpg(pid, signal.SIGKILL)
    for other in others:
        _signal(other, signal.SIGKILL)


def _frozen(pid: int) -> set[int]:
    """All descendants of `pid`, stopped; so is `pid` itself.

    A stopped process has no more children than can be seen, so this ends with the youngest.
    """
    deadline = time.monotonic() + _FREEZE_S
    known: set[int] = set()
    fresh = {pid}
    while fresh and time.monotonic() < deadline:
        for other in fresh:
            _signal(other, signal.SIGSTOP)
        known |= fresh
        fresh = _children(fresh) - known or _children(known) - known
    return (known | fresh) - {pid}


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # ended, or not ours
        os.kill(pid, number)


def _children(pids: set[int]) -> set[int]:
    """The children of these processes."""
    if os.path.exists("/proc/thread-self/children"):  # not in every Linux; a hundred times quicker
        return {child for pid in pids for child in _listed_children(pid)}
    return {pid for pid, parent in _parents().items() if parent in pids}


def _listed_children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # ended meanwhile
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += map(int, file.read().split())
    return found


def _parents() -> dict[int, int]:
    """The parent of every process."""
    if os.path.exists("/proc/self/stat"):
        return dict(_parents_from_proc(name for name in os.listdir("/proc") if name.isdigit()))
    lines = _run(["ps", "-A", "-o", "pid=,ppid="]).splitlines()
    return {int(pid): int(parent) for pid, parent in (line.split() for line in lines)}


def _parents_from_proc(names: Iterable[str]) -> Iterable[tuple[int, int]]:
    for name in names:
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                # The command's name stands in parentheses and may contain anything.
                yield int(name), int(file.read().rpartition(b")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended meanwhile


def _run(command: list[str]) -> str:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
        text=True,
        errors="replace",
    ).stdout
