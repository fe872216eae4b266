"""Disks that are full, folders that may not be written, killed writers, two writers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from a3s_code import Agent, FileSessionStore
from tests.faults.conftest import answers_again
from tests.faults.turns import ID
from tests.model_server import ModelServer, agent_hcl, calls, says
from tests.session.callers import by_stream
from tests.session.conftest import NewSession

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="limits and permission bits are those of POSIX"
)
needs_bits = pytest.mark.skipif(
    hasattr(os, "geteuid") and os.geteuid() == 0 and not sys.platform.startswith("linux"),
    reason="permission bits do not hold for root here",
)
LONG = "long " * 2000


class Elsewhere:
    """`tests.faults.turns` in a process of its own: limits on it do not touch this one."""

    def __init__(self, url: str, sessions: Path, workspace: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.turns", url, str(sessions)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=workspace,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def __call__(self, *order: Any) -> Any:
        """Give an order; its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> str:
        """End it in order; what it wrote last."""
        return self._process.communicate()[0]


StartElsewhere = Callable[[], Elsewhere]


@pytest.fixture
def sessions(tmp_path: Path) -> Path:
    """The folder of saved sessions."""
    return tmp_path / "sessions"


@pytest.fixture
def elsewhere(model_server: ModelServer, tmp_path: Path, sessions: Path) -> Iterator[Elsewhere]:
    """A process with a session that saves each turn; every prompt is answered by its last word."""

    def reply(body: dict[str, Any]) -> Any:
        return says(f"{LONG}{body['messages'][-1]['content'].split()[-1]}")

    model_server.answer_with(reply)
    workspace = tmp_path / "work"
    workspace.mkdir()
    process = Elsewhere(model_server.url, sessions, workspace)
    yield process
    process.close()


def kept(sessions: Path) -> list[str]:
    """The prompts in the saved session, read by another process: this one."""
    saved = FileSessionStore(str(sessions)).load(ID)
    return [] if saved is None else [m.text for m in saved.messages if m.role == "user"]


def answered(found: dict[str, Any], word: str, *, saved: bool) -> bool:
    """The turn was answered in full; it ends with `persistence_failed` unless it was saved."""
    assert (found["error"], found["text"]) == ("", f"{LONG}{word}")
    assert found["types"][-1] == "end"
    return (found["types"][-2] != "persistence_failed") is saved


# -- no room ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("turns", [1, 12], ids=["new session", "long session"])
def test_a_full_disk(elsewhere: Elsewhere, sessions: Path, turns: int) -> None:
    """User: the answer, and below it "Not saved" with the file and the reason. Nothing is lost.

    Once there is room, the next turn saves everything, the turn that could not be saved included.
    """
    words = [f"w{number}" for number in range(turns)]
    for word in words:
        assert answered(elsewhere("ask", word), word, saved=True)
    elsewhere("full", 200)
    found = elsewhere("ask", "full")
    assert answered(found, "full", saved=False)
    assert "cannot write '" in found["problem"]
    assert "File too large" in found["problem"]
    assert kept(sessions) == words
    assert elsewhere("save").startswith("Save failed: cannot write '")
    assert answered(elsewhere("ask", "still-full"), "still-full", saved=False)
    assert kept(sessions) == words
    elsewhere("room")
    assert answered(elsewhere("ask", "room"), "room", saved=True)
    assert kept(sessions) == [*words, "full", "still-full", "room"]
    assert elsewhere("resume") == ""
    assert answered(elsewhere("ask", "later"), "later", saved=True)
    assert list(sessions.glob("*.tmp")) == []


def test_a_tool_that_finds_the_disk_full(elsewhere: Elsewhere, tmp_path: Path) -> None:
    """User: the card says why; the file is as it was, never half of each."""
    file = tmp_path / "work" / "a.txt"
    file.write_text("what was there\n")
    elsewhere("full", 2000)
    found = elsewhere("tool", "write", {"file_path": "a.txt", "content": "x" * 100_000})
    assert found["exit_code"] == 1
    assert "File too large" in found["output"]
    assert file.read_text() == "what was there\n"
    assert [path.name for path in file.parent.iterdir()] == ["a.txt"]
    elsewhere("room")
    found = elsewhere("tool", "write", {"file_path": "a.txt", "content": "x" * 100_000})
    assert (found["exit_code"], file.stat().st_size) == (0, 100_000)


# -- no permission ---------------------------------------------------------------------------------


@pytest.fixture
def locked() -> Iterator[Callable[[Path, int], None]]:
    """Sets permission bits, which are set back so that the folder can be removed."""
    changed: dict[Path, int] = {}

    def lock(path: Path, mode: int) -> None:
        changed.setdefault(path, path.stat().st_mode & 0o777)
        path.chmod(mode)

    yield lock
    for path, mode in changed.items():
        path.chmod(mode)


@needs_bits
@pytest.mark.parametrize("turns", [1, 12], ids=["new session", "long session"])
def test_a_store_that_is_read_only(
    elsewhere: Elsewhere, sessions: Path, locked: Callable[[Path, int], None], turns: int
) -> None:
    """User: as with a full disk, with "Permission denied"; what was saved can still be resumed."""
    elsewhere("obey")
    words = [f"w{number}" for number in range(turns)]
    for word in words:
        assert answered(elsewhere("ask", word), word, saved=True)
    for path in sessions.iterdir():
        locked(path, 0o400)
    locked(sessions, 0o500)
    found = elsewhere("ask", "locked")
    assert answered(found, "locked", saved=False)
    assert "Permission denied" in found["problem"]
    assert kept(sessions) == words
    locked(sessions, 0o700)
    for path in sessions.iterdir():
        locked(path, 0o600)
    assert answered(elsewhere("ask", "open"), "open", saved=True)
    assert kept(sessions) == [*words, "locked", "open"]


@needs_bits
def test_a_saved_session_that_may_not_be_read(
    elsewhere: Elsewhere, sessions: Path, locked: Callable[[Path, int], None]
) -> None:
    """User: one line that names the file; it is not taken for a missing one and not replaced."""
    elsewhere("obey")
    assert answered(elsewhere("ask", "first"), "first", saved=True)
    locked(sessions / f"{ID}.json", 0o000)
    problem = elsewhere("resume")
    assert problem.startswith("Failed to resume session: cannot read '")
    assert f"{ID}.json" in problem
    assert "Permission denied" in problem
    locked(sessions / f"{ID}.json", 0o600)
    assert elsewhere("resume") == ""
    assert answered(elsewhere("ask", "second"), "second", saved=True)
    assert kept(sessions) == ["first", "second"]


@needs_bits
def test_tools_without_permission(
    elsewhere: Elsewhere, tmp_path: Path, locked: Callable[[Path, int], None]
) -> None:
    """User: the card says "Permission denied" and the name; the model is told, and goes on."""
    work = tmp_path / "work"
    (work / "secret").mkdir()
    (work / "fixed.txt").write_text("old")
    locked(work / "secret", 0o000)
    locked(work / "fixed.txt", 0o400)
    locked(work, 0o500)
    elsewhere("obey")
    for tool, arguments in (
        ("read", {"file_path": "secret/a.txt"}),
        ("write", {"file_path": "secret/b.txt", "content": "x"}),
        ("ls", {"path": "secret"}),
        ("edit", {"file_path": "fixed.txt", "old_string": "old", "new_string": "new"}),
    ):
        found = elsewhere("tool", tool, arguments)
        assert found["exit_code"] == 1
        assert "ermission denied" in found["output"]
    assert (work / "fixed.txt").read_text() == "old"
    assert answered(elsewhere("ask", "on"), "on", saved=True)


def test_a_store_that_disappears(elsewhere: Elsewhere, sessions: Path) -> None:
    """User: is told that someone else has changed the session; nothing is resurrected half."""
    assert answered(elsewhere("ask", "first"), "first", saved=True)
    shutil.rmtree(sessions)
    found = elsewhere("ask", "second")
    assert answered(found, "second", saved=False)
    assert "has been changed" in found["problem"]
    assert kept(sessions) == []
    assert answered(elsewhere("ask", "third"), "third", saved=False)


# -- killed writers, two writers -------------------------------------------------------------------


def test_two_hundred_writers_killed_during_a_save(tmp_path: Path) -> None:
    """User: after a crash, every turn that had been saved is there, in its order, and no other."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.killing", str(tmp_path / "sessions"), "200"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    times, turns = map(int, done.stdout.split())
    assert times == 200
    assert turns > 100


def test_two_sessions_write_one_file(
    model_server: ModelServer, new_session: NewSession, sessions: Path
) -> None:
    """User: the one who comes second is told so with each answer; what the first wrote is kept.

    The second conversation goes on in memory (in a notebook it gets a name of its own).
    """
    model_server.answer_with(lambda _: says("Yes."))
    store = FileSessionStore(str(sessions))
    with new_session(session_store=store, session_id=ID, auto_save=True) as first:
        by_stream(first, "begin")
    agent = Agent.create(agent_hcl(model_server))
    both = [
        agent.resume_session(ID, session_store=FileSessionStore(str(sessions)), auto_save=True)
        for _ in range(2)
    ]
    for name, session in zip("ab", both, strict=True):
        found = by_stream(session, name)
        assert (found.text, "persistence_failed" in found.types()) == ("Yes.", name == "b")
    assert kept(sessions) == ["begin", "a"]
    assert [m["content"][0]["text"] for m in both[1].history()] == ["begin", "Yes.", "b", "Yes."]
    for session in both:
        answers_again(session, model_server)
        session.close()
    assert kept(sessions) == ["begin", "a", "and now?"]


def test_a_tool_result_that_cannot_be_written_as_text_is_saved(
    model_server: ModelServer, new_session: NewSession, sessions: Path
) -> None:
    """User: sees nothing of it; half a character from a command does not stop saving."""
    model_server.script(calls("bash", command="printf 'caf\\303'"), says("Half an é."))
    session = new_session(
        session_store=FileSessionStore(str(sessions)), session_id=ID, auto_save=True
    )
    answer = by_stream(session, "go")
    assert "persistence_failed" not in answer.types()
    assert kept(sessions)[0] == "go"
    answers_again(session, model_server)
