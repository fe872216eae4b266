"""Drafts in a folder: taken over from processes that are gone, left to those that are not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from a3s_code.messages import Message, TextBlock
from a3s_code.store.file_store import FileSessionStore
from tests.store.conftest import ROOT
from tests.store.sessions import session, turn

BEFORE = session(2)
# Another process that writes a draft and then waits, as a turn does that waits for its model.
WRITER = """
import sys
from a3s_code.store.file_store import FileSessionStore
from tests.store.sessions import session, turn
store, saved = FileSessionStore(sys.argv[1]), session(2)
store.save(saved)
turn_now = store.running_turn("s", saved.messages)
turn_now.write([*saved.messages, *turn(2)])
print("written", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def writer(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process in the middle of the third turn of session `s`."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    yield process
    process.kill()
    process.communicate()


def test_a_killed_process_leaves_its_turn(
    store: FileSessionStore, folder: Path, writer: subprocess.Popen[str]
) -> None:
    """As long as it lives the turn is its own."""
    assert store.cut_off(BEFORE) is None
    writer.kill()
    writer.wait()

    longer = store.cut_off(BEFORE)

    assert longer is not None
    assert longer.messages == session(3).messages
    assert store.load("s") == BEFORE
    store.remove_cut_off("s")
    assert store.cut_off(BEFORE) is None
    assert [path.name for path in folder.iterdir() if path.suffix == ".running"] == []


def test_a_session_that_is_deleted_takes_its_cut_off_turn_along(
    store: FileSessionStore, folder: Path, writer: subprocess.Popen[str]
) -> None:
    writer.kill()
    writer.wait()

    store.delete("s")

    assert list(folder.glob("s.*")) == []


def test_a_turn_that_is_over_leaves_nothing(store: FileSessionStore, folder: Path) -> None:
    """Nor does one that never got as far as to be written."""
    store.save(BEFORE)
    running, early = (store.running_turn("s", BEFORE.messages) for _ in range(2))
    running.write([*BEFORE.messages, *turn(2)])
    assert store.cut_off(BEFORE) is None  # this very process writes it
    assert store.list() == ["s"]

    running.remove()
    running.write([*BEFORE.messages, *turn(3)])
    early.remove()

    assert [path.suffix for path in folder.iterdir() if path.name.startswith("s.")] == [".json"]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are those of the folder there")
def test_only_the_owner_can_read_it(store: FileSessionStore, folder: Path) -> None:
    store.save(BEFORE)
    running = store.running_turn("s", BEFORE.messages)
    running.write([*BEFORE.messages, Message("assistant", (TextBlock("secret"),))])

    (file,) = folder.glob("*.running")

    assert file.stat().st_mode & 0o077 == 0
    running.remove()
