"""Call shapes, precedence and refusals of session options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from a3s_code import (
    Agent,
    ConfirmationPolicy,
    InvalidArgument,
    PermissionPolicy,
    SessionOptions,
    UnknownModel,
)
from a3s_code.config.model import AgentConfig
from a3s_code.loop.machine import LoopLimits
from tests.model_server import ModelServer, agent_hcl, calls, says
from tests.session.callers import by_send, by_stream
from tests.session.conftest import NewSession

TWO_MODELS = 'headers = {}\n }\n models { id = "other"'


@pytest.fixture
def agent(model_server: ModelServer) -> Agent:
    return Agent.create(agent_hcl(model_server, model=TWO_MODELS, top="max_tool_rounds = 7"))


@pytest.mark.parametrize(
    ("args", "keywords"),
    [
        ((), {}),
        ((), {"model": "openai/m", "permissive": True}),
        ((), {"options": SessionOptions(permissive=True)}),
        ((SessionOptions(permissive=True),), {}),
        (({"continuation_enabled": False},), {}),
    ],
)
def test_every_call_shape_works(
    agent: Agent, model_server: ModelServer, tmp_path: Path, args: Any, keywords: Any
) -> None:
    model_server.script(says("ok"))
    assert agent.session(str(tmp_path), *args, **keywords).send("hi").text == "ok"


def test_a_keyword_wins_over_options_and_attributes_can_be_assigned(
    agent: Agent, tmp_path: Path
) -> None:
    options = SessionOptions()
    options.model = "openai/other"
    assert agent.session(tmp_path, options).model == "openai/other"
    assert agent.session(tmp_path, options, model="openai/m").model == "openai/m"
    assert agent.session(tmp_path).model == "openai/m"


class DerivedOptions(SessionOptions):
    """Options of a program, which computes one of them from an attribute of its own."""

    rounds_in_all = 0

    def limits(self, default_rounds: int) -> LoopLimits:
        return super().limits(self.rounds_in_all or default_rounds)


@pytest.mark.parametrize("kind", [SessionOptions, DerivedOptions])
def test_a_session_keeps_the_options_it_was_made_with(
    agent: Agent, model_server: ModelServer, tmp_path: Path, kind: type[SessionOptions]
) -> None:
    model_server.script(says("ok"))
    options = kind(model="openai/m", temperature=0.25)
    session = agent.session(tmp_path, options, permissive=True)
    assert options.permissive is None
    options.temperature = 0.75
    session.use_model("openai/other")
    session.send("hi")
    assert model_server.requests[0]["temperature"] == 0.25


def test_derived_options_keep_what_they_added(
    agent: Agent, model_server: ModelServer, tmp_path: Path
) -> None:
    model_server.answer_with(lambda body: calls("ls"))
    options = DerivedOptions(permissive=True)
    options.rounds_in_all = 2
    agent.session(tmp_path, options).send("go")
    assert len(model_server.requests) == 2


def test_unknown_names_are_refused(agent: Agent, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="no_such_option"):
        agent.session(tmp_path, no_such_option=1)
    with pytest.raises(TypeError, match="no_such_option"):
        agent.session(tmp_path, {"no_such_option": 1})
    with pytest.raises(AttributeError):
        SessionOptions().no_such_option = 1  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="options"):
        agent.session(tmp_path, 3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_tool_rounds", 0),
        ("max_tool_rounds", "5"),
        ("max_parse_retries", -1),
        ("tool_timeout_ms", 0),
        ("tool_timeout_ms", True),
        ("max_continuation_turns", 1.5),
        ("temperature", 1.5),
        ("temperature", "hot"),
        ("auto_compact_threshold", "much"),
        ("permissive", "yes"),
        ("auto_save", 1),
        ("role", 3),
        ("session_id", 3),
        ("confirmation_manager", 3),
        ("retry_config", {"max_retries": -1}),
        ("retry_config", {"retries": 1}),
        ("confirmation_policy", {"timeout_action": "maybe"}),
        ("security_provider", object()),
        ("session_store", object()),
        ("memory_store", object()),
    ],
)
def test_values_that_cannot_be_honoured_are_refused(
    agent: Agent, tmp_path: Path, name: str, value: Any
) -> None:
    with pytest.raises((InvalidArgument, TypeError), match=name.partition("_")[0]):
        agent.session(tmp_path, **{name: value})


def test_the_documented_defaults() -> None:
    options = SessionOptions()
    options.check()
    limits = options.limits(50)
    assert (limits.max_tool_rounds, limits.max_parse_retries) == (50, 2)
    assert (limits.continuation_enabled, limits.max_continuation_turns) == (True, 3)
    assert AgentConfig(default_model="p/m").max_tool_rounds == 50
    assert options.breaker_threshold() == 3
    assert SessionOptions(circuit_breaker_threshold=0).breaker_threshold() == 1
    assert options.compact_threshold() is None
    assert [
        SessionOptions(auto_compact=True, auto_compact_threshold=given).compact_threshold()
        for given in (None, 0.5, -1, 7)
    ] == [0.8, 0.5, 0.0, 1.0]
    for name in ("tool_timeout_ms", "max_execution_time_ms", "queue_config", "temperature"):
        assert getattr(options, name) is None


def test_unknown_models_are_named(agent: Agent, tmp_path: Path) -> None:
    for selector in ("openai/nope", "nobody/m"):
        with pytest.raises(UnknownModel, match=selector.replace("/", ".*")):
            agent.session(tmp_path, model=selector)
    with pytest.raises(UnknownModel, match="provider/model"):
        agent.session(tmp_path, model="m")


def test_sampling_options_need_a_model(
    agent: Agent, model_server: ModelServer, tmp_path: Path
) -> None:
    model_server.script(says("ok"), says("ok"))
    agent.session(tmp_path, temperature=0.5).send("hi")
    agent.session(tmp_path, temperature=0.5, model="openai/m").send("hi")
    assert "temperature" not in model_server.requests[0]
    assert model_server.requests[1]["temperature"] == 0.5


def test_the_configuration_limits_the_rounds_unless_the_session_does(
    agent: Agent, model_server: ModelServer, tmp_path: Path
) -> None:
    model_server.answer_with(lambda body: calls("ls"))
    agent.session(tmp_path, permissive=True).send("go")
    assert len(model_server.requests) == 7
    agent.session(tmp_path, permissive=True, max_tool_rounds=2).send("go")
    assert len(model_server.requests) == 9


def test_slots_and_project_instructions_reach_the_model(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    (tmp_path / "AGENTS.md").write_text("Use tabs.", encoding="utf-8")
    model_server.script(says("ok"))
    new_session(role="You are Ada.", guidelines="Be brief.", extra="Really.").send("hi")
    system = model_server.requests[0]["messages"][0]["content"]
    marks = [
        "You are Ada.",
        "Be brief.",
        "Really.",
        "# Project Instructions (AGENTS.md)\n\nUse tabs.",
    ]
    assert [system.index(mark) for mark in marks] == sorted(system.index(mark) for mark in marks)


def test_a_tool_timeout_is_told_to_the_model(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(calls("bash", command="sleep 30"), says("Too slow."))
    answer = by_stream(new_session(tool_timeout_ms=100), "go")
    (end,) = (event for event in answer.events if event.event_type == "tool_end")
    assert "Tool 'bash' timed out after 100ms" in end.tool_output
    assert end.exit_code == 1
    assert answer.text == "Too slow."


def test_too_many_malformed_calls_end_the_turn(
    model_server: ModelServer, new_session: NewSession
) -> None:
    from tests.model_server import calls_raw

    model_server.answer_with(lambda body: calls_raw("ls", "{oops"))
    answer = by_send(new_session(max_parse_retries=1), "go")
    assert answer.error_type == "ParseRetriesExceeded"
    assert len(model_server.requests) == 2


# -- permissions -------------------------------------------------------------------------------------


def outcome_of(model_server: ModelServer, session: Any) -> Any:
    model_server.script(calls("bash", id="c1", command="touch made"), says("Done."))
    return by_stream(session, "go")


def test_without_any_setting_every_call_is_refused(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    answer = outcome_of(model_server, new_session(permissive=None))
    (end,) = (event for event in answer.events if event.event_type == "tool_end")
    assert end.exit_code == 1
    assert end.tool_output == (
        "Tool 'bash' requires confirmation but no HITL confirmation manager is configured. "
        "Configure a confirmation policy to enable tool execution."
    )
    assert not any("confirmation" in kind or "denied" in kind for kind in answer.types())
    assert not (tmp_path / "made").exists()
    assert answer.text == "Done."


def test_a_reading_call_is_no_exception_to_that(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(calls("ls"), says("Done."))
    answer = by_stream(new_session(permissive=None), "go")
    (end,) = (event for event in answer.events if event.event_type == "tool_end")
    assert end.tool_output.startswith("Tool 'ls' requires confirmation")


def test_a_denied_call_is_announced_and_ended(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    policy = PermissionPolicy(deny=["bash"])
    answer = outcome_of(model_server, new_session(permission_policy=policy))
    denied, end = (
        event for event in answer.events if event.event_type in ("permission_denied", "tool_end")
    )
    assert denied.reason == "Blocked by deny rule in permission policy"
    assert end.tool_output == "Permission denied: Tool 'bash' is blocked by permission policy."
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("verdict", ["allow", "deny", "ask", "nonsense", "raise"])
def test_a_checker_replaces_the_policy(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path, verdict: str
) -> None:
    class Checker:
        def check(self, tool: str, args: dict[str, Any]) -> str:
            assert (tool, args) == ("bash", {"command": "touch made"})
            if verdict == "raise":
                raise RuntimeError("broken")
            return verdict

    policy = PermissionPolicy(**{"deny" if verdict == "allow" else "allow": ["bash"]})
    session = new_session(permissive=None, permission_policy=policy, permission_checker=Checker())
    answer = outcome_of(model_server, session)
    assert (tmp_path / "made").exists() == (verdict == "allow")
    assert ("permission_denied" in answer.types()) == (verdict not in ("allow", "ask"))


@pytest.mark.parametrize("verdict", ["allow", "deny", "ask"])
def test_the_rules_of_a_policy_decide(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path, verdict: str
) -> None:
    policy = PermissionPolicy(
        **{verdict: ["bash(touch:*)"]}, default_decision="allow" if verdict == "deny" else "deny"
    )
    answer = outcome_of(model_server, new_session(permissive=None, permission_policy=policy))
    (end,) = (event for event in answer.events if event.event_type == "tool_end")
    assert (tmp_path / "made").exists() == (verdict == "allow")
    assert ("requires confirmation" in end.tool_output) == (verdict == "ask")
    assert ("permission_denied" in answer.types()) == (verdict == "deny")


@pytest.mark.parametrize("approve", [True, False])
def test_a_callable_is_asked(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path, approve: bool
) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []

    def ask(tool: str, args: Any) -> bool:
        asked.append((tool, args))
        return approve

    answer = outcome_of(model_server, new_session(permissive=None, confirmation_manager=ask))
    assert asked == [("bash", {"command": "touch made"})]
    assert (tmp_path / "made").exists() == approve
    assert "confirmation_required" in answer.types()
    if not approve:
        (end,) = (event for event in answer.events if event.event_type == "tool_end")
        assert "was rejected by user. Reason: No reason provided" in end.tool_output


@pytest.mark.parametrize("action", ["reject", "auto_approve"])
def test_a_question_that_nobody_answers_times_out(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path, action: str
) -> None:
    policy = ConfirmationPolicy(enabled=True, default_timeout_ms=50, timeout_action=action)
    answer = outcome_of(model_server, new_session(permissive=None, confirmation_policy=policy))
    (timeout,) = (e for e in answer.events if e.event_type == "confirmation_timeout")
    assert timeout.action_taken == ("rejected" if action == "reject" else "auto_approved")
    assert (tmp_path / "made").exists() == (action == "auto_approve")


def test_cancel_rejects_what_is_pending(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    model_server.script(calls("bash", id="c1", command="touch made"))
    session = new_session(
        permissive=None, confirmation_policy={"enabled": True, "default_timeout_ms": 60_000}
    )
    types = []
    for event in session.stream("go"):
        types.append(event.event_type)
        if event.event_type == "confirmation_required":
            (pending,) = session.pending_confirmations()
            assert pending["tool_id"] == "c1"
            assert 0 < pending["remaining_ms"] <= 60_000
            session.cancel()
    assert types[-2:] == ["tool_end", "end"]
    assert session.pending_confirmations() == []
    assert not session.confirm_tool_use("c1", True)
    assert not (tmp_path / "made").exists()


def test_a_rule_for_a_misspelt_tool_is_warned_of(
    new_session: NewSession, caplog: pytest.LogCaptureFixture
) -> None:
    new_session(permission_policy=PermissionPolicy(allow=["baash", "read", "mcp__x"]))
    (record,) = (r for r in caplog.records if r.name == "a3s_code" and r.levelname == "WARNING")
    assert "'baash'" in record.message
    assert "did you mean 'bash'?" in record.message
