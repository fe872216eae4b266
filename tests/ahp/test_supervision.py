"""A supervised session against a real harness, over both transports."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from a3s_code import (
    Agent,
    ConfirmationPolicy,
    HttpTransport,
    InvalidArgument,
    PermissionPolicy,
    PromptBlocked,
    Session,
    StdioTransport,
)
from a3s_code.ahp.supervisor import Supervision
from tests.ahp.conftest import TOKEN, Harness
from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, agent_hcl, calls, says
from tests.session.conftest import NewSession


def tool_ends(events: list[Any]) -> list[tuple[int, str]]:
    return [(e.exit_code, e.tool_output) for e in events if e.event_type == "tool_end"]


def reading(model_server: ModelServer, workspace: Path, times: int = 1) -> None:
    (workspace / "a.txt").write_text("hi", "utf-8")
    (workspace / "b.txt").write_text("other", "utf-8")
    model_server.script(*[calls("read", file_path="a.txt") for _ in range(times)], says("Done."))


def test_the_harness_hears_of_everything(
    harness: Harness,
    model_server: ModelServer,
    new_session: NewSession,
    tmp_path: Path,
) -> None:
    reading(model_server, tmp_path)
    session = new_session(ahp_transport=harness.transport())
    assert session.send("what is in a.txt?").text == "Done."
    session.close()
    first, *events = harness.heard
    assert first["method"] == "ahp/handshake"
    assert {event["method"] for event in events} == {"ahp/event"}
    assert {message["jsonrpc"] for message in harness.heard} == {"2.0"}
    assert set(first["params"]) == {"protocol_version", "agent_info", "session_id", "agent_id"}
    assert first["params"]["protocol_version"] == "2.0"
    assert first["params"]["session_id"] == first["params"]["agent_id"] == session.session_id
    assert {"framework", "version", "capabilities"} == set(first["params"]["agent_info"])
    assert [event["params"]["event_type"] for event in events] == [
        "session_start",
        "pre_prompt",
        "pre_action",
        "post_action",
        "post_response",
        "session_end",
    ]
    asked = [event["params"]["event_type"] for event in events if "id" in event]
    assert asked == ["pre_prompt", "pre_action"]
    for event in events:
        params = event["params"]
        assert params["session_id"] == params["agent_id"] == session.session_id
        assert params["depth"] == 0
        assert params["timestamp"].endswith("+00:00")
    (action,) = harness.events("pre_action")
    assert action["payload"]["tool"] == "read"
    assert action["payload"]["arguments"] == {"file_path": "a.txt"}
    (done,) = harness.events("post_action")
    assert done["payload"]["result"]["output"] == "     1\thi\n"


def test_a_harness_that_names_itself_is_listened_to(
    stdio: Harness, model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    """Also one of another version of the second protocol."""
    reading(model_server, tmp_path)
    info = {"name": "guard", "version": "1", "capabilities": ["pre_action"]}
    answer = {"protocol_version": "2.1", "harness_info": info}
    stdio.script({"on": "handshake", **answer}, {"decision": "block", "reason": "no"})
    session = new_session(ahp_transport=stdio.transport())
    events = list(session.stream("read it"))
    assert "supervision_unavailable" not in [e.event_type for e in events]
    assert tool_ends(events) == [(1, "Tool 'read' blocked by hook: no")]


def test_a_block_is_that_of_a_hook(
    harness: Harness, model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    reading(model_server, tmp_path)
    harness.script({"decision": "block", "reason": "not\x1b[31m today"})
    session = new_session(ahp_transport=harness.transport())
    events = list(session.stream("read it"))
    assert tool_ends(events) == [(1, "Tool 'read' blocked by hook: not [31m today")]
    denied = [e for e in events if e.event_type == "permission_denied"]
    assert [e.reason for e in denied] == ["not [31m today"]


def test_changed_arguments_are_used(
    harness: Harness, model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    reading(model_server, tmp_path)
    changed = {"tool": "read", "arguments": {"file_path": "b.txt"}}
    harness.script({"decision": "modify", "modified_payload": changed})
    session = new_session(ahp_transport=harness.transport())
    (end,) = [e for e in session.stream("read it") if e.event_type == "tool_end"]
    assert (end.exit_code, end.tool_output) == (0, "     1\tother\n")
    assert end.args == {"file_path": "b.txt"}


def test_changed_arguments_are_judged_again(
    stdio: Harness, model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    """Under the names that the rules know, whatever the harness calls them."""
    reading(model_server, tmp_path)
    stdio.script({"decision": "modify", "modified_payload": {"arguments": {"path": "b.txt"}}})
    policy = PermissionPolicy(deny=["read(b.txt)"])
    session = new_session(ahp_transport=stdio.transport(), permission_policy=policy)
    events = list(session.stream("read it"))
    assert tool_ends(events) == [
        (1, "Permission denied: Tool 'read' is blocked by permission policy.")
    ]
    (denied,) = [e for e in events if e.event_type == "permission_denied"]
    assert denied.args == {"file_path": "b.txt"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (
            {"decision": "modify", "modified_payload": {"tool": "bash", "arguments": {}}},
            "it changed the tool; only the arguments of a call may be changed",
        ),
        ({"decision": "modify"}, "it modified the payload without giving one"),
        ({"decision": "perhaps"}, "it decided 'perhaps', which means nothing"),
        ({"do": "result", "result": [1]}, "its answer has no result"),
        ({"do": "error", "message": "oh\nno"}, "it answered with an error: oh no"),
        ({"decision": "defer", "retry_after_ms": "soon"}, "retry_after_ms must be milliseconds"),
    ],
)
def test_what_is_not_understood_blocks(
    stdio: Harness,
    model_server: ModelServer,
    new_session: NewSession,
    tmp_path: Path,
    answer: dict[str, Any],
    reason: str,
) -> None:
    reading(model_server, tmp_path)
    stdio.script(answer)
    session = new_session(ahp_transport=stdio.transport())
    ((exit_code, output),) = tool_ends(list(session.stream("read it")))
    assert exit_code == 1
    assert f"blocked by hook: supervision failed: {reason}" in output


def test_a_deferred_decision_is_asked_for_again(
    harness: Harness, model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    reading(model_server, tmp_path)
    harness.script(*[{"decision": "defer", "retry_after_ms": 1}] * 3)
    session = new_session(ahp_transport=harness.transport())
    assert tool_ends(list(session.stream("read it"))) == [(0, "     1\thi\n")]
    assert len(harness.events("pre_action")) == 4


def test_a_harness_that_only_defers_blocks(
    stdio: Harness, model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    reading(model_server, tmp_path)
    stdio.script(*[{"decision": "defer", "retry_after_ms": 0}] * 9)
    session = new_session(ahp_transport=stdio.transport())
    ((exit_code, output),) = tool_ends(list(session.stream("read it")))
    assert exit_code == 1
    assert "it deferred its decision more than 3 times" in output
    assert len(stdio.events("pre_action")) == 4


def test_an_escalation_asks_a_person(
    harness: Harness, model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    """Although everything is allowed, and the lane would answer for them."""
    reading(model_server, tmp_path)
    harness.script({"decision": "escalate", "reason": "odd", "escalation_target": "ops"})
    asked: list[str] = []
    session = new_session(
        ahp_transport=harness.transport(),
        confirmation_policy=ConfirmationPolicy(enabled=True, yolo_lanes=["query"]),
    )
    outputs = []
    for event in session.stream("read it"):
        if event.event_type == "confirmation_required":
            asked.append(event.tool_name)
            session.confirm_tool_use(event.tool_id, True)
        if event.event_type == "tool_end":
            outputs.append(event.tool_output)
    assert (asked, outputs) == (["read"], ["     1\thi\n"])


def test_an_escalation_with_nobody_to_ask_blocks(
    stdio: Harness, model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    reading(model_server, tmp_path)
    stdio.script({"decision": "escalate", "reason": "odd", "escalation_target": "ops"})
    session = new_session(ahp_transport=stdio.transport())
    ((exit_code, output),) = tool_ends(list(session.stream("read it")))
    assert exit_code == 1
    assert "odd (for ops) (a person must agree, and nobody can be asked)" in output


def test_time_does_not_approve_an_escalation(
    stdio: Harness, model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    reading(model_server, tmp_path)
    stdio.script({"decision": "escalate"})
    policy = {"enabled": True, "default_timeout_ms": 1, "timeout_action": "auto_approve"}
    session = new_session(ahp_transport=stdio.transport(), confirmation_policy=policy)
    ((exit_code, output),) = tool_ends(list(session.stream("read it")))
    assert exit_code == 1
    assert "timed out waiting for confirmation" in output


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"decision": "block", "reason": "no"}, "no"),
        ({"decision": "escalate", "reason": "hm"}, "hm (nobody can be asked about a prompt)"),
        (
            {"decision": "modify", "modified_payload": {"prompt": "x"}},
            "supervision failed: it changed a prompt; only tool calls may be changed",
        ),
    ],
)
def test_a_prompt_can_be_blocked(
    stdio: Harness,
    model_server: ModelServer,
    new_session: NewSession,
    answer: dict[str, Any],
    reason: str,
) -> None:
    stdio.script({"on": "pre_prompt", **answer})
    session = new_session(ahp_transport=stdio.transport())
    with pytest.raises(PromptBlocked) as caught:
        session.send("hello")
    assert caught.value.reason == reason
    assert model_server.requests == []
    assert session.history() == []


# -- start ------------------------------------------------------------------------------------------


def test_a_harness_that_cannot_be_started_is_said_once(
    model_server: ModelServer,
    new_session: NewSession,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    reading(model_server, tmp_path)
    model_server.script(says("Again."))
    session = new_session(ahp_transport=StdioTransport(str(tmp_path / "nowhere"), ["--secret"]))
    with caplog.at_level(logging.WARNING, "a3s_code"):
        first = list(session.stream("read it"))
        second = list(session.stream("and again"))
    (told,) = [e for e in first if e.event_type == "supervision_unavailable"]
    assert "nowhere cannot be started: No such file or directory" in told.error
    assert "the session goes on without" in told.error
    assert tool_ends(first) == [(0, "     1\thi\n")]
    assert "supervision_unavailable" not in [e.event_type for e in second]
    assert len([r for r in caplog.records if "no supervision" in r.getMessage()]) == 1
    assert "--secret" not in caplog.text


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"protocol_version": "1.0"}, "it speaks protocol version '1.0', not 2.0"),
        ({"do": "error", "message": "who are you"}, "who are you"),
    ],
)
def test_a_failed_handshake_leaves_the_session_unsupervised(
    harness: Harness,
    model_server: ModelServer,
    new_session: NewSession,
    answer: dict[str, Any],
    problem: str,
) -> None:
    model_server.script(says("Hello."))
    harness.script({"on": "handshake", **answer})
    session = new_session(ahp_transport=harness.transport())
    events = list(session.stream("hello"))
    (told,) = [e for e in events if e.event_type == "supervision_unavailable"]
    assert problem in told.error
    assert events[-1].event_type == "end"


def test_a_handshake_has_its_time(stdio: Harness) -> None:
    stdio.script({"on": "handshake", "do": "hang"})

    async def opened() -> str | None:
        return await Supervision(stdio.stdio(), "s1", connect_s=0.2).open()

    problem = asyncio.run(opened())
    assert problem is not None
    assert problem.endswith("the session goes on without: no answer within 0.2 s")


def test_a_dead_address_leaves_the_session_unsupervised(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("Hello."))
    session = new_session(ahp_transport=HttpTransport("http://u:secret@127.0.0.1:9/x?k=secret"))
    events = list(session.stream("hello"))
    (told,) = [e for e in events if e.event_type == "supervision_unavailable"]
    assert "(http://127.0.0.1:9/x)" in told.error
    assert "secret" not in told.error


def test_a_refused_token_is_not_shown(
    model_server: ModelServer,
    new_session: NewSession,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The server repeats it in its answer."""
    environ = {**os.environ, "HARNESS_TOKEN": "another"}
    harness = Harness(tmp_path)
    server = subprocess.Popen(
        [sys.executable, *harness.arguments, "--http"],
        stdout=subprocess.PIPE,
        text=True,
        env=environ,
    )
    try:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        model_server.script(says("Hello."))
        transport = HttpTransport(url, auth_token=TOKEN)
        session = new_session(ahp_transport=transport)
        with caplog.at_level(logging.DEBUG):
            events = list(session.stream("hello"))
        (told,) = [e for e in events if e.event_type == "supervision_unavailable"]
        assert "HTTP 401: no entry for" in told.error
        assert TOKEN not in told.error + caplog.text + repr(transport) + repr(session)
    finally:
        server.kill()
        server.communicate()


# -- a harness that fails later ---------------------------------------------------------------------


def test_a_harness_that_dies_blocks_from_then_on(
    stdio: Harness, model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    """Otherwise ending it would be a way around it."""
    reading(model_server, tmp_path, times=2)
    stdio.script({"do": "die"})
    session = new_session(ahp_transport=stdio.transport())
    outputs = tool_ends(list(session.stream("read it")))
    died = "its process ended with exit code 3: the harness gives up"
    assert [output for _, output in outputs] == [
        f"Tool 'read' blocked by hook: supervision failed: {died}"
    ] * 2
    with pytest.raises(PromptBlocked, match="exit code 3"):
        session.send("and now?")


def test_a_harness_that_hangs_blocks_that_call(
    harness: Harness, model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    reading(model_server, tmp_path)
    harness.script({"do": "hang"})
    session = new_session(ahp_transport=harness.transport(timeout_ms=1500))
    ((exit_code, output),) = tool_ends(list(session.stream("read it")))
    assert exit_code == 1
    assert "supervision failed: no answer within 1.5 s" in output


def test_a_harness_that_does_not_read_holds_nobody_up(
    stdio: Harness, model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    """What it is told fills its pipe; other calls and the session's end go on."""
    (tmp_path / "long.txt").write_text("x" * 90_000 + "\n", "utf-8")
    reads = [calls("bash", command="cat long.txt") for _ in range(3)]
    model_server.script(*reads, calls("ls"), says("Done."))
    stdio.script({"decision": "allow"}, {"decision": "allow"}, {"do": "hang", "on": "post_action"})
    session = new_session(ahp_transport=stdio.stdio(timeout_ms=1500))
    outputs = tool_ends(list(session.stream("go on")))
    assert len(outputs) == 4
    assert outputs[-1][0] == 1
    assert "no answer within 1.5 s" in outputs[-1][1]
    session.close()


def test_a_server_that_comes_back_is_asked_again(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path, harness: Harness
) -> None:
    """Over HTTP only: each message stands alone. A child process is not started again."""
    reading(model_server, tmp_path, times=2)
    harness.script({"do": "error", "message": "busy"})
    session = new_session(ahp_transport=harness.transport())
    outputs = tool_ends(list(session.stream("read it")))
    assert [exit_code for exit_code, _ in outputs] == [1, 0]


def test_waiting_for_a_decision_can_be_cancelled(
    harness: Harness,
    model_server: ModelServer,
    new_session: NewSession,
    tmp_path: Path,
) -> None:
    reading(model_server, tmp_path)
    harness.script({"do": "hang"})
    session = new_session(ahp_transport=harness.transport())

    def cancel() -> None:
        harness.wait_for("pre_action")
        session.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    result = session.send("read it")
    thread.join(DEADLINE_S)
    assert result.cancelled


def test_waiting_for_the_handshake_can_be_cancelled(
    stdio: Harness, model_server: ModelServer, new_session: NewSession
) -> None:
    stdio.script({"on": "handshake", "do": "hang"})
    session = new_session(ahp_transport=stdio.transport())
    stream = session.stream("hello")
    assert next(stream).event_type == "start"
    session.cancel()
    assert [event.event_type for event in stream] == ["end"]


# -- the end ----------------------------------------------------------------------------------------


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
@pytest.mark.parametrize("ending", ["close", "forget"])
def test_the_process_ends_with_the_session(
    stdio: Harness, model_server: ModelServer, tmp_path: Path, ending: str
) -> None:
    model_server.script(says("Hello."))
    agent = Agent.create(agent_hcl(model_server))
    session: Session | None = agent.session(
        tmp_path, permissive=True, ahp_transport=stdio.transport()
    )
    assert session is not None
    session.send("hello")
    pids = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _command(entry).count(str(stdio.script_file))
    ]
    assert len(pids) == 1
    if ending == "close":
        session.close()
    session = None
    tick = threading.Event()
    for _ in range(int(DEADLINE_S * 100)):
        gc.collect()
        if not alive(pids[0]):
            break
        tick.wait(0.01)
    assert not alive(pids[0])


def _command(entry: Path) -> str:
    try:
        return (entry / "cmdline").read_text("utf-8", "replace")
    except OSError:
        return ""


def test_a_child_run_is_supervised_one_level_below(
    harness: Harness, model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("hi", "utf-8")
    model_server.script(
        calls("task", agent="general", description="look", prompt="read a.txt"),
        calls("read", file_path="a.txt"),
        says("It says hi."),
        says("Done."),
    )
    session = new_session(ahp_transport=harness.transport())
    session.send("let somebody look")
    events = harness.events("pre_action")
    assert [(e["depth"], e["payload"]["tool"]) for e in events] == [(0, "task"), (1, "read")]
    assert {e["agent_id"] for e in events} == {session.session_id}
    assert events[1]["session_id"].startswith("subagent-")


# -- options ----------------------------------------------------------------------------------------


def test_the_dict_forms(stdio: Harness, model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(says("Hello."))
    transport = stdio.stdio()
    form = {"type": "stdio", "program": transport.program, "args": list(transport.args)}
    session = new_session(hook_executor=form)
    session.send("hello")
    assert stdio.events("pre_prompt")


def test_hooks_have_no_place_beside_a_supervisor(stdio: Harness, new_session: NewSession) -> None:
    session = new_session(ahp_transport=stdio.transport())
    with pytest.raises(InvalidArgument, match="has a supervisor"):
        session.register_hook("h", "pre_tool_use")
    assert (session.hook_count(), session.unregister_hook("h")) == (0, False)


def test_nothing_starts_before_the_first_prompt(stdio: Harness, new_session: NewSession) -> None:
    new_session(ahp_transport=stdio.transport()).close()
    assert stdio.heard == []
