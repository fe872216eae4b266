"""Several writers, killed writers, full disks: what was saved is there, and nothing is broken."""

from __future__ import annotations

import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from a3s_code.errors import SessionConflict
from a3s_code.store.file_store import FileSessionStore
from a3s_code.store.saver import SessionSaver
from tests.store.conftest import Start
from tests.store.sessions import LONG, prompts, session, turn


def test_a_killed_writer_loses_nothing_that_was_saved(
    store: FileSessionStore, folder: Path, start_writer: Start
) -> None:
    """Forty times: killed at any moment, the file loads and has every turn reported as saved."""
    chance, reported = random.Random(4), -1
    for _ in range(40):
        process = start_writer("s", 10_000_000)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        lines = [process.stdout.readline() for _ in range(chance.randrange(12))]
        time.sleep(chance.uniform(0, 0.003))  # any moment of a save
        process.kill()
        lines += process.stdout.readlines()
        process.wait()
        if lines:
            reported = int(lines[-1])
        loaded = store.load("s")
        count = 0 if loaded is None else len(loaded.messages) // 2
        assert reported + 1 <= count <= reported + 2
        if loaded is not None:
            assert prompts(loaded) == [f"prompt {number}" for number in range(count)]
        reported = count - 1
    assert reported > 40


def test_writers_of_different_sessions_share_a_folder(
    store: FileSessionStore, start_writer: Start
) -> None:
    processes = [start_writer(f"s{number}", 60) for number in range(3)]
    for number, process in enumerate(processes):
        assert process.communicate()[0].split()[-1] == "60"
        assert prompts(store.load(f"s{number}")) == [f"prompt {n}" for n in range(61)]


def test_two_processes_on_one_session(store: FileSessionStore, start_writer: Start) -> None:
    """Each turn is saved by one process and reported by it; whoever comes too late is told."""
    store.save(session(LONG))
    ends = [
        process.communicate()[0].split()[1:]
        for process in [start_writer("s", 200) for _ in range(2)]
    ]
    reported = [int(line) for end in ends for line in end if line.isdigit()]
    assert sorted(reported) == list(range(LONG, 201))
    assert prompts(store.load("s")) == [f"prompt {number}" for number in range(201)]


@pytest.mark.parametrize("turns", [0, 3, LONG])
def test_the_second_writer_is_told_and_overwrites_nothing(
    store: FileSessionStore, turns: int
) -> None:
    """Both have the session as it was; one saves; the other's turn is refused by name."""
    if turns:
        store.save(session(turns))
    other = FileSessionStore(store.dir)
    savers = [_opened(store), _opened(other)]
    savers[0].save(session(turns + 1))
    for complete in (False, True):
        with pytest.raises(SessionConflict, match="session 's' has been changed") as caught:
            savers[1].save(session([*session(turns).messages, *turn(99)]), complete=complete)
        assert caught.value.session_id == "s"
    assert store.load("s") == session(turns + 1)
    savers[0].save(session(turns + 2))
    assert store.load("s") == session(turns + 2)


def _opened(store: FileSessionStore) -> SessionSaver:
    found = SessionSaver.resumed(store, "s")
    return SessionSaver.fresh(store, "s") if found is None else found[0]


@pytest.mark.parametrize("explicit", [False, True])
def test_deleted_meanwhile(store: FileSessionStore, explicit: bool) -> None:
    store.save(session(LONG))
    saver = _opened(store)
    store.delete("s")
    with pytest.raises(SessionConflict):
        saver.save(session(LONG + 1), complete=explicit)
    assert store.load("s") is None


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files the POSIX way")
@pytest.mark.parametrize("limit", [3_000, 20_000])
def test_no_space_is_a_clear_error_and_keeps_what_was_saved(
    store: FileSessionStore, folder: Path, start_writer: Start, limit: int
) -> None:
    """The write fails in its middle; the last saved turn is the last one, and it goes on later."""
    lines = start_writer("s", 1_000, limit).communicate()[0].splitlines()
    assert lines[-1].startswith("failed cannot write '")
    assert lines[-1].endswith("File too large")
    saved = int(lines[-2])
    assert prompts(store.load("s")) == [f"prompt {number}" for number in range(saved + 1)]
    assert list(folder.glob("*.tmp")) == []
    assert start_writer("s", saved + 1).communicate()[0].split() == ["ready", str(saved + 1)]
    assert len(prompts(store.load("s"))) == saved + 2


def test_saves_from_several_threads(store: FileSessionStore) -> None:
    saver = SessionSaver.fresh(store, "s")
    with ThreadPoolExecutor(4) as pool:
        states = [session(LONG + number) for number in range(12)]
        list(pool.map(saver.save, states))
    assert len(prompts(store.load("s"))) in range(LONG, LONG + 12)
