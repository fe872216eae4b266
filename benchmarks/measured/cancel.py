"""From `cancel()` to the end of the stream: while a model answers, or while a command runs."""

from __future__ import annotations

import statistics
import time
from typing import Any

import psutil
from common import PARAMETERS, report, session

_LIMIT_S = 0.1  # by then nothing of a cancelled command may be left


def during_answer(chat: Any) -> tuple[float, int]:
    """Milliseconds; nothing can survive."""
    seen = 0
    begin = 0.0
    for event in chat.stream("go"):
        seen += event.event_type == "text_delta"
        if seen == 2 and not begin:
            begin = time.perf_counter()
            chat.cancel()
    return (time.perf_counter() - begin) * 1000, 0


def during_command(chat: Any) -> tuple[float, int]:
    """Milliseconds, and the number of processes left at the limit."""
    tree: list[psutil.Process] = []
    begin = 0.0
    before = set(psutil.Process().children(recursive=True))  # a helper that serves all commands
    for event in chat.stream("go"):
        if event.event_type == "tool_start" and not begin:
            tree = [process for process in _sleeping() if process not in before]
            begin = time.perf_counter()
            chat.cancel()
    taken = time.perf_counter() - begin
    psutil.wait_procs(tree, timeout=max(0, _LIMIT_S - taken))
    return taken * 1000, sum(_is_alive(process) for process in tree)


def _sleeping() -> list[psutil.Process]:
    """The shell and its sleeping children, once all of them are there."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        tree: list[psutil.Process] = psutil.Process().children(recursive=True)
        if sum(_name(process) == "sleep" for process in tree) >= 2:
            return tree
        time.sleep(0.005)
    raise SystemExit("the command did not start")


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.Error:
        return ""


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def main() -> None:
    # A session for each: the native SDK goes on reading a cancelled answer to its end.
    once = during_answer if PARAMETERS["during"] == "answer" else during_command
    if PARAMETERS["count"] > 1:
        once(session(PARAMETERS["url"]))
    taken, survivors = [], 0
    for _ in range(PARAMETERS["count"]):
        milliseconds, alive = once(session(PARAMETERS["url"]))
        taken.append(milliseconds)
        survivors += alive
    last = (
        statistics.quantiles(taken, n=100, method="inclusive")[98] if len(taken) > 1 else taken[0]
    )
    report(median_ms=statistics.median(taken), p99_ms=last, survivors=survivors)


main()
