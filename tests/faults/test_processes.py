"""Commands that do not end, multiply, or write too much or anything but text."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from a3s_code import AgentEvent, End, Session, ToolEnd, ToolOutputDelta
from tests.deadlines import DEADLINE_S, longer_and_longer
from tests.faults.conftest import answers_again
from tests.model_server import ModelServer, calls, says
from tests.session.callers import Answer, by_stream
from tests.session.conftest import NewSession

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the commands are those of a POSIX shell")

# It ignores every signal that can be ignored, and so does its child.
STUBBORN = "trap '' TERM INT HUP QUIT; echo $$ >> pids; (echo $BASHPID >> pids; sleep 600); wait"

# A generation of three: each process starts its successor a moment later, sixty times at most.
# What kills one after the other always misses the youngest. It is a bomb that cannot grow.
BREEDING = """
breed() {
  echo $BASHPID >> pids
  [ "$1" -le 0 ] && exit
  sleep 0.05
  breed $(($1 - 1)) &
  sleep 0.2
}
breed 60 & breed 60 & breed 60 &
echo started
sleep 600
"""


def alive(folder: Path) -> list[int]:
    """The processes of a command that still run; those that wait to be reaped do not."""
    found = []
    for line in (folder / "pids").read_text().split():
        try:
            if psutil.Process(int(line)).status() != psutil.STATUS_ZOMBIE:
                found.append(int(line))
        except psutil.NoSuchProcess:
            continue
    return found


def all_dead(folder: Path) -> None:
    """Return when nothing of the command runs any more."""
    deadline = time.monotonic() + DEADLINE_S
    while alive(folder):
        assert time.monotonic() < deadline, alive(folder)
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path) -> Iterator[None]:
    """A test that fails must not leave its processes to the machine."""
    yield
    while (tmp_path / "pids").exists() and (left := alive(tmp_path)):
        for pid in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(pid).kill()


def cancelled_once_started(session: Session, folder: Path, pids: int) -> list[AgentEvent]:
    """Send a prompt, and cancel once, when the command has told so many processes."""
    events: list[AgentEvent] = []
    stream, cancelled = session.stream("go"), False
    deadline = time.monotonic() + DEADLINE_S
    while (batch := stream.poll(0.02)) is not None:
        assert time.monotonic() < deadline
        events += batch
        file = folder / "pids"
        if not cancelled and file.exists() and len(file.read_text().split()) >= pids:
            cancelled = session.cancel()
    assert isinstance(events[-1], End)
    assert events[-1].cancelled
    return events


def shown(events: list[AgentEvent]) -> str:
    """What was seen of running commands."""
    return "".join(event.text for event in events if isinstance(event, ToolOutputDelta))


@pytest.mark.parametrize("way", ["cancel", "timeout"])
def test_a_command_that_ignores_every_polite_signal(
    model_server: ModelServer, new_session: NewSession, kind: str, tmp_path: Path, way: str
) -> None:
    """User: Cancel and time limits end it at once, with its children; its output so far is kept."""
    if way == "cancel":
        model_server.script(calls("bash", id="c1", command=f"echo begun; {STUBBORN}"))
        session = new_session(kind)
        events = cancelled_once_started(session, tmp_path, 2)
        kept = str(session.history()[-1])
        assert "Cancelled by the user" in kept
        assert "begun" in kept
        (end,) = (event for event in events if isinstance(event, ToolEnd))
        assert end.tool_output.endswith("until then:\nbegun\n")
    else:
        for limit_ms in longer_and_longer(700):
            call = calls("bash", id="c1", command=f"echo begun; {STUBBORN}", timeout=limit_ms)
            model_server.script(call, says("Too long."))
            session = new_session(kind)
            assert by_stream(session, "go").text == "Too long."
            if (tmp_path / "pids").exists():
                break
        result = str(session.history()[2])
        assert "begun" in result
        assert f"timed out after {limit_ms}ms" in result
    all_dead(tmp_path)
    answers_again(session, model_server, knows="c1")


# The same as a chain of which each member leaves the process group.
BREEDING_APART = """
cat > breed.sh <<'END'
echo $$ >> pids
[ "$1" -gt 0 ] && setsid bash breed.sh $(($1 - 1)) &
sleep 600
END
bash breed.sh 60
"""


@pytest.mark.parametrize("way", ["cancel", "timeout"])
@pytest.mark.parametrize(
    "command",
    [
        BREEDING,
        pytest.param(
            BREEDING_APART,
            marks=pytest.mark.skipif(shutil.which("setsid") is None, reason="needs setsid"),
        ),
    ],
    ids=["in one group", "each in a session of its own"],
)
def test_a_command_that_breeds(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path, command: str, way: str
) -> None:
    """User: as above; processes that are born while the tree is being killed die with it."""
    session = new_session()
    if way == "cancel":
        model_server.script(calls("bash", command=command))
        cancelled_once_started(session, tmp_path, 9)
    else:
        for limit_ms in longer_and_longer(300):
            call = calls("bash", command=command, timeout=limit_ms)
            model_server.script(call, says("Too many."))
            assert by_stream(session, "go").text == "Too many."
            if (tmp_path / "pids").exists():
                break
    all_dead(tmp_path)
    assert len((tmp_path / "pids").read_text().split()) < 200
    answers_again(session, model_server)


def end_of(answer: Answer) -> ToolEnd:
    """The end of the only call."""
    (end,) = (event for event in answer.events if isinstance(event, ToolEnd))
    return end


def test_output_without_end(model_server: ModelServer, new_session: NewSession, kind: str) -> None:
    """User: sees the first megabyte and a note; the model gets head and tail of 100 MB.

    Memory stays bounded, and the exit code is the command's own.
    """
    command = (
        "echo first; head -c 100000000 /dev/zero | tr '\\0' x | fold -w 100; echo last; exit 3"
    )
    model_server.script(calls("bash", id="c1", command=command), says("Much."))
    session = new_session(kind)
    before = psutil.Process().memory_info().rss
    answer = by_stream(session, "go")
    grown = psutil.Process().memory_info().rss - before
    assert answer.text == "Much."
    assert len(shown(answer.events)) < 1_100_000
    end = end_of(answer)
    assert end.exit_code == 3
    assert end.tool_output.startswith("first\n")
    assert end.tool_output.rstrip().endswith("last")
    assert len(end.tool_output) < 200_000
    assert grown < 50_000_000
    answers_again(session, model_server, knows="last")


BINARY = "printf 'before\\n'; head -c 20000 /dev/urandom; printf '\\0\\x1b[2J\\xff\\xfe\\nafter\\n'"


def test_output_that_is_no_text(
    model_server: ModelServer, new_session: NewSession, kind: str
) -> None:
    """User: sees replacement characters; text around them is whole, and the request is valid."""
    model_server.script(calls("bash", id="c1", command=BINARY), says("Odd."))
    session = new_session(kind)
    answer = by_stream(session, "go")
    assert answer.text == "Odd."
    assert "before\n" in shown(answer.events)
    assert shown(answer.events).endswith("after\n")
    answers_again(session, model_server, knows="after")


def test_a_line_without_end(model_server: ModelServer, new_session: NewSession) -> None:
    """User: as with many lines; a single one of 20 MB is cut, too."""
    model_server.script(
        calls("bash", command="head -c 20000000 /dev/zero | tr '\\0' y"), says("Ok.")
    )
    session = new_session()
    answer = by_stream(session, "go")
    end = end_of(answer)
    assert len(end.tool_output) < 200_000
    answers_again(session, model_server)


def test_a_command_that_closes_its_output_and_goes_on(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    """User: the call ends when the command does; a daemon it leaves behind holds nobody up."""
    command = "(sleep 600 & echo $! >> pids); echo done"
    model_server.script(calls("bash", command=command), says("Done."))
    session = new_session()
    assert by_stream(session, "go").text == "Done."
    answers_again(session, model_server, knows="done")
    assert len(alive(tmp_path)) == 1


def test_a_command_that_kills_its_own_group(
    model_server: ModelServer, new_session: NewSession
) -> None:
    """User: exit code 137; it is a group of its own, so that nobody else is hit."""
    model_server.script(calls("bash", id="c1", command="echo bye; kill -9 0"), says("Gone."))
    session = new_session()
    answer = by_stream(session, "go")
    end = end_of(answer)
    assert (end.exit_code, "bye" in end.tool_output) == (137, True)
    answers_again(session, model_server)
