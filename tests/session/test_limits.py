"""Limits of a whole execution, and commands in a sandbox."""

from __future__ import annotations

import threading

import pytest

from a3s_code import InvalidArgument
from a3s_code.tools.sandbox import SandboxConfig, SandboxOutput
from tests.deadlines import DEADLINE_S, longer_and_longer
from tests.model_server import ModelServer, says, wait
from tests.session.callers import Caller
from tests.session.conftest import NewSession


def test_an_execution_ends_when_its_time_is_over_and_keeps_what_came(
    model_server: ModelServer, new_session: NewSession, ask: Caller
) -> None:
    model_server.answer_with(lambda _: says("Half of it ", wait(), "never"))
    for limit_ms in longer_and_longer(1_000):
        answer = ask(new_session(max_execution_time_ms=limit_ms), "go")
        assert answer.cancelled
        if answer.text:
            break
    assert answer.text == "Half of it "


class Sandbox:
    """Answers for a command, without running it."""

    def __init__(self, delay_s: float = 0.0) -> None:
        self.asked: list[tuple[str, str]] = []
        self.woken = threading.Event()
        self._delay_s = delay_s
        self.stdout, self.stderr, self.exit_code = "out", "err\n", 3

    def exec_command(self, command: str, guest_workspace: str) -> Sandbox:
        self.asked.append((command, guest_workspace))
        self.woken.wait(self._delay_s)
        return self


def test_commands_go_to_the_sandbox(new_session: NewSession) -> None:
    sandbox = Sandbox()
    session = new_session(sandbox_handle=sandbox)
    result = session.tool("bash", {"command": "rm -rf /"})
    assert sandbox.asked == [("rm -rf /", "/workspace")]
    assert (result.output, result.exit_code) == ("out\nerr\n", 3)
    assert result.metadata == {"exit_code": 3}


def test_a_sandbox_may_be_asynchronous(new_session: NewSession) -> None:
    class Later(Sandbox):
        async def exec_command(self, command: str, guest_workspace: str) -> Sandbox:  # type: ignore[override]
            return self

    assert new_session(sandbox_handle=Later()).bash("ls") == "out\nerr\n"


def test_a_sandbox_that_takes_too_long_is_left(new_session: NewSession) -> None:
    sandbox = Sandbox(delay_s=DEADLINE_S)
    session = new_session(sandbox_handle=sandbox)
    result = session.tool("bash", {"command": "sleep", "timeout": 50})
    sandbox.woken.set()
    assert "timed out after 50ms" in result.output


def test_the_older_form_of_a_sandbox_is_given_the_documented_settings(
    new_session: NewSession,
) -> None:
    class Older:
        def run(self, command: str, config: SandboxConfig) -> SandboxOutput:
            assert config == SandboxConfig(
                image="alpine:latest", memory_mb=512, cpus=1, network=False, env={}
            )
            return SandboxOutput(f"ran {command}", exit_code=4)

    result = new_session(sandbox_handle=Older()).tool("bash", {"command": "ls"})
    assert (result.output, result.exit_code) == ("ran ls", 4)


def test_an_object_that_is_no_sandbox_is_refused(new_session: NewSession) -> None:
    with pytest.raises(InvalidArgument, match="sandbox_handle"):
        new_session(sandbox_handle=object())


@pytest.mark.parametrize("later", [False, True])
def test_a_closed_session_shuts_its_sandbox_down_once(new_session: NewSession, later: bool) -> None:
    class Ending(Sandbox):
        ended = 0

        def shutdown(self) -> object:
            return self._end() if later else self._count()

        async def _end(self) -> None:
            self._count()

        def _count(self) -> None:
            self.ended += 1

    sandbox = Ending()
    with new_session(sandbox_handle=sandbox) as session:
        session.bash("ls")
        assert sandbox.ended == 0
    session.close()
    assert sandbox.ended == 1


def test_a_sandbox_that_fails_to_shut_down_is_a_warning_without_its_text(
    new_session: NewSession, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Sandbox):
        def shutdown(self) -> None:
            raise OSError("token=s3cret")

    new_session(sandbox_handle=Failing()).close()
    assert "the sandbox failed to shut down: OSError" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_sandbox_without_shutdown_has_nothing_to_end(new_session: NewSession) -> None:
    new_session(sandbox_handle=Sandbox()).close()
