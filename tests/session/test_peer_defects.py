"""Faults of the native implementation that must not exist here, one test (or more) for each."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from a3s_code import (
    Agent,
    Attachment,
    ConfigError,
    InvalidArgument,
    PermissionPolicy,
    ToolError,
    WorkspaceError,
)
from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, agent_hcl, calls, error_in_stream, says, status, turn
from tests.session.callers import Caller, by_send, by_stream
from tests.session.conftest import NewSession

ROOT = Path(__file__).resolve().parents[2]
POSIX = pytest.mark.skipif(os.name == "nt", reason="signals and shells of POSIX")


def test_1_repeated_and_overlapping_pieces_are_kept(
    model_server: ModelServer, new_session: NewSession, kind: str, ask: Caller
) -> None:
    pieces = ["ha ", "ha ", "ha", "ha", "  ", "  ", "    x", "x", "xy", "y"]
    model_server.script(says(*pieces))
    assert ask(new_session(kind), "laugh").text == "".join(pieces)


def test_2_an_error_in_the_stream_is_an_error_and_never_starts_over(
    model_server: ModelServer, new_session: NewSession, kind: str, ask_stream: Caller
) -> None:
    model_server.script(error_in_stream("overloaded", after="Half "), says("Another answer."))
    answer = ask_stream(new_session(kind), "go")
    assert answer.types()[-1] == "error"
    assert answer.text == "Half "
    assert len(model_server.requests) == 1


def test_3_a_capped_turn_stays_in_the_history(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(turn(says("Looking."), calls("ls", id="c1")))
    session = new_session(max_tool_rounds=1)
    session.send("go")
    assert [message["role"] for message in session.history()] == ["user", "assistant", "user"]


def test_7_glob_is_complete_and_knows_braces_and_dots(
    new_session: NewSession, tmp_path: Path
) -> None:
    long = "x" * 120
    for number in range(1_200):
        (tmp_path / f"{long}{number:04}.py").touch()
    (tmp_path / ".hidden.py").touch()
    (tmp_path / "a.ts").touch()
    session = new_session()
    assert len(session.glob("*.py")) == 1_200
    assert session.glob("*.{ts,tsx}") == ["a.ts"]
    assert session.glob(".*.py") == [".hidden.py"]


@POSIX
def test_9_ctrl_c_ends_a_send_at_once_and_keeps_the_partial_answer(
    model_server: ModelServer, tmp_path: Path
) -> None:
    model_server.script(says("word ").endless())
    (tmp_path / "agent.hcl").write_text(agent_hcl(model_server), encoding="utf-8")
    code = (
        "import signal, threading, time\n"
        "from a3s_code import Agent\n"
        # A shell that starts the tests in the background has its commands ignore Ctrl-C.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "session = Agent.create('agent.hcl').session('.')\n"
        "def tell():\n"
        "    while not ((run := session._core.running) and run.partial_text()):\n"
        "        time.sleep(0.001)\n"
        "    print('arriving', flush=True)\n"
        "threading.Thread(target=tell, daemon=True).start()\n"
        "try:\n"
        "    session.send('go')\n"
        "except KeyboardInterrupt:\n"
        "    print(len(session.history()), session.busy, session.history()[-1]['role'])\n"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with run:
        assert run.stdout is not None
        assert run.stdout.readline() == "arriving\n"  # without text there is no partial answer
        run.send_signal(signal.SIGINT)
        try:
            output, _ = run.communicate(timeout=DEADLINE_S)
        finally:
            run.kill()
    assert output.split()[1:] == ["False", "assistant"]
    assert model_server.disconnected.wait(DEADLINE_S)


def test_10_a_running_event_loop_is_not_blocked(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("Slowly."))
    session = new_session()

    async def main() -> list[str]:
        return [event.text async for event in session.stream("go") if event.text]

    assert "Slowly." in "".join(asyncio.run(main()))


def test_10_sync_calls_work_inside_a_running_event_loop(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("One."), says("Two."))
    session = new_session()

    async def cell() -> list[str]:
        return [session.send("a").text, [*session.stream("b")][-1].text]

    assert asyncio.run(cell()) == ["One.", "Two."]


@pytest.mark.parametrize(
    ("source", "culprit"),
    [
        ("missing.hcl", "missing.hcl"),
        ("default_model = ", "line"),
        ('default_model = "m"', "provider/model"),
        ('default_model = "p/m"', "p"),
        ('default_model = "p/m"\nproviders { name = "p" }', "p"),
        ('default_model = env("A3S_TEST_UNSET")', "A3S_TEST_UNSET"),
        ("default_model = 3", "default_model"),
    ],
)
def test_11_each_mistake_in_the_configuration_has_its_own_message(
    source: str, culprit: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        Agent.create(source)
    text = str(caught.value)
    assert text.startswith("Failed to create agent:")
    assert culprit in text or (culprit == "line" and caught.value.line is not None)
    assert "\n" not in text


def test_14_direct_calls_obey_deny_rules_and_the_boundary(new_session: NewSession) -> None:
    session = new_session(permission_policy=PermissionPolicy(deny=["bash(rm:*)", "glob(secret/*)"]))
    result = session.tool("bash", {"command": "rm -rf build"})
    assert result.exit_code == 1
    assert "Permission denied" in result.output
    with pytest.raises(ToolError, match="secret"):
        session.glob("secret/*")
    for name, args in (("ls", {"path": ".."}), ("grep", {"pattern": "x", "path": "/"})):
        assert "Workspace boundary violation" in session.tool(name, args).output
    with pytest.raises(ToolError, match="boundary"):
        session.glob("../*")


def test_15_reasoning_is_kept_apart_from_the_answer(
    model_server: ModelServer, new_session: NewSession, kind: str, ask: Caller
) -> None:
    model_server.script(says("The answer.", thinking="Let me think."))
    answer = ask(new_session(kind), "go")
    assert answer.text == "The answer."
    if answer.events:
        thoughts = [event.text for event in answer.events if event.event_type == "reasoning_delta"]
        assert "".join(thoughts) == "Let me think."


@pytest.mark.parametrize("code", [400, 401, 403, 404])
def test_16_client_errors_are_final(
    model_server: ModelServer, new_session: NewSession, ask: Caller, code: int
) -> None:
    model_server.script(status(code), says("never asked"))
    assert str(code) in ask(new_session(), "go").error
    assert len(model_server.requests) == 1


def test_16_a_server_that_always_fails_is_given_up_and_every_wait_is_announced(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(*[status(500)] * 20)
    answer = by_stream(new_session(), "go")
    assert len(model_server.requests) == 4
    assert answer.types().count("retrying") == 3
    assert "gave up after 4 attempts" in answer.error


def test_17_tools_have_the_same_order_in_every_session_and_request(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("1"), says("2"))
    for _ in range(2):
        new_session().send("go")
    first, second = (
        [tool["function"]["name"] for tool in r["tools"]] for r in model_server.requests
    )
    assert first == second
    assert first[:3] == ["read", "write", "edit"]


def test_17_temperature_is_sent_as_it_was_given(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("ok"))
    new_session(model="openai/m", temperature=0.3).send("go")
    assert model_server.requests[0]["temperature"] == 0.3


def test_17_a_model_without_tools_is_offered_none(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("ok"))
    new_session(model_lines="tool_call = false").send("go")
    assert "tools" not in model_server.requests[0]


def test_18_input_deltas_carry_their_call_and_output_comes_in_pieces(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(calls("bash", id="c1", command="seq 50000"), says("Counted."))
    answer = by_stream(new_session(), "count")
    inputs = [event for event in answer.events if event.event_type == "tool_input_delta"]
    assert {event.tool_id for event in inputs} == {"c1"}
    types = answer.types()
    outputs = [event for event in answer.events if event.event_type == "tool_output_delta"]
    assert 1 <= len(outputs) < 1000
    last_output = len(types) - 1 - types[::-1].index("tool_output_delta")
    assert last_output < types.index("tool_end") < types.index("turn_end")
    assert "".join(event.text for event in outputs).count("\n") == 50_000


def test_19_wrappers_raise_with_the_name_of_what_failed(new_session: NewSession) -> None:
    session = new_session()
    with pytest.raises(ToolError, match=r"nowhere\.txt"):
        session.read_file("nowhere.txt")
    with pytest.raises(ToolError, match=r"\(\["):
        session.grep("([")
    assert session.bash("echo out; exit 3") == "out\n"


def test_20_what_cannot_work_is_refused_first(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    session = new_session()
    with pytest.raises(InvalidArgument, match="empty"):
        session.send("  ")
    for attachment in ({"data": b"no image", "media_type": "image/png"}, {"data": b"x"}):
        with pytest.raises(InvalidArgument):
            session.send_with_attachments("look", [attachment])
    with pytest.raises(InvalidArgument, match="svg"):
        Attachment(b"<svg/>", "image/svg+xml")
    agent = Agent.create(agent_hcl(model_server))
    (tmp_path / "file").touch()
    for place in ("nowhere", "file"):
        with pytest.raises(WorkspaceError, match=place):
            agent.session(tmp_path / place)
    assert model_server.requests == []


def test_4_of_two_prompts_at_once_one_wins_and_the_other_is_told(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.answer_with(lambda body: says("ok"))
    session = new_session()
    answers: list[str] = []

    def ask() -> None:
        answer = by_send(session, "go")
        answers.append(answer.text or answer.error_type)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
    assert len(answers) == 8
    assert set(answers) <= {"ok", "SessionBusy"}
    assert len(session.history()) == 2 * answers.count("ok")


@pytest.mark.parametrize("left", ["stream", "tool"])
def test_the_interpreter_ends_while_something_runs(
    model_server: ModelServer, tmp_path: Path, left: str
) -> None:
    if left == "stream":
        model_server.script(says("word ").endless())
    else:
        model_server.script(calls("bash", command="sleep 60"))
    (tmp_path / "agent.hcl").write_text(agent_hcl(model_server), encoding="utf-8")
    code = (
        "from a3s_code import Agent\n"
        "stream = Agent.create('agent.hcl').session('.', permissive=True).stream('go')\n"
        "for event in stream:\n"
        f"    if event.event_type == '{'text_delta' if left == 'stream' else 'tool_start'}':\n"
        "        break\n"
        "print('done', flush=True)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=True,
    )
    assert (run.stdout, run.stderr) == ("done\n", "")


def test_a_tool_that_does_not_exist_is_nobodys_question(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(calls("nosuchtool", id="c1"), says("Sorry."))
    session = new_session(permissive=None, confirmation_policy={"enabled": True})
    answer = by_stream(session, "go")
    assert "confirmation_required" not in answer.types()
    assert "Unknown tool: nosuchtool" in str(session.history()[2])


def test_endless_output_is_bounded_for_listeners(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(calls("bash", command="yes | head -c 5000000"), says("Much."))
    answer = by_stream(new_session(), "go")
    shown = sum(len(e.text) for e in answer.events if e.event_type == "tool_output_delta")
    assert 1_000_000 < shown < 1_100_000
