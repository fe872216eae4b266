"""A program that saves turns in processes which it kills, and checks what is left after each.

    python -m tests.faults.killing FOLDER TIMES

Prints how often it killed, the number of turns that were saved, and ends with 1 and a sentence when
one is missing. Forks, because a fresh interpreter takes a hundred times longer than a save.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time

from a3s_code.store.file_store import FileSessionStore
from tests.store.sessions import prompts
from tests.store.writer import main as save_turns

TURNS = 60  # of one session; then the next one, so that the check stays quick


def saved_count(store: FileSessionStore, session_id: str) -> int:
    """The turns of a session, which must be the first ones in their order."""
    loaded = store.load(session_id)
    if loaded is None:
        return 0
    found = prompts(loaded)
    if found != [f"prompt {number}" for number in range(len(found))]:
        raise SystemExit(f"{session_id}: wrong turns {found}")
    return len(found)


def killed_once(folder: str, session_id: str, chance: random.Random) -> int:
    """Start a writer, kill it at any moment; the last turn that it reported as saved, or -1."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(writer, 1)
        save_turns(folder, session_id, 10_000_000)
    os.close(writer)
    reports = os.fdopen(reader)
    assert reports.readline() == "ready\n"
    lines = [reports.readline() for _ in range(chance.randrange(3))]
    time.sleep(chance.uniform(0, 0.003))  # any moment of a save is what is tried out
    os.kill(pid, signal.SIGKILL)
    lines += reports.readlines()
    os.waitpid(pid, 0)
    reports.close()
    return int(lines[-1]) if lines else -1


def main(folder: str, times: int) -> None:
    store, chance = FileSessionStore(folder), random.Random(7)
    total = before = number = 0
    for _ in range(times):
        session_id = f"s{number}"
        reported = killed_once(folder, session_id, chance)
        count = saved_count(store, session_id)
        expected = max(before, reported + 1)
        # A save that was not reported any more may have come through.
        if not expected <= count <= expected + 1:
            raise SystemExit(f"{session_id}: {count} turns, of which {expected} were saved")
        before = count
        if count > TURNS:
            total, before, number = total + count, 0, number + 1
    sys.stdout.write(f"{times} {total + before}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
