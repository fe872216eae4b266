"""What the configuration says, seen where it acts: in requests, in the session, in what is saved."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from a3s_code import Agent, InMemoryStore, MemorySessionStore, SessionOptions
from tests.model_server import ModelServer, agent_hcl, calls, says
from tests.session.callers import Caller
from tests.session.conftest import NewSession

HEADERS = 'session_id_header = "X-Session"\nheaders = { X-Team = "blue" }'
THINKING = "thinking_budget = 2048"


def test_the_output_limit_is_sent(
    model_server: ModelServer, new_session: NewSession, kind: str
) -> None:
    """`limit.output` becomes `max_tokens`."""
    model_server.script(says("Hi."))
    new_session(kind).send("hi")
    assert model_server.requests[0]["max_tokens"] == 4096


def test_headers_of_the_model_and_the_session_id_are_sent(
    model_server: ModelServer, new_session: NewSession, kind: str
) -> None:
    model_server.script(says("Hi."))
    session = new_session(kind, model_lines=HEADERS, session_id="mine")
    session.send("hi")
    sent = model_server.headers[0]
    assert (sent["x-session"], sent["x-team"]) == ("mine", "blue")


@pytest.mark.parametrize(
    ("says_so", "accepted"),
    [
        ("attachment = true", True),
        ('modalities {\n input = ["text", "image"]\n }', True),
        ('modalities {\n input = ["text", "pdf"]\n output = ["image"]\n }', False),
        ("attachment = false", False),
        ("", False),
    ],
)
def test_a_model_takes_images_if_its_configuration_says_so(
    new_session: NewSession, says_so: str, accepted: bool
) -> None:
    other = f'}}\nmodels {{\n id = "other"\n {says_so}'
    assert new_session(model_lines=other, model="openai/other").accepts_images is accepted


@pytest.mark.parametrize(("accepts", "sent"), [("true", 0.3), ("false", None)])
def test_temperature_is_sent_only_to_models_that_accept_it(
    model_server: ModelServer, new_session: NewSession, kind: str, accepts: str, sent: float | None
) -> None:
    model_server.script(says("Hi."))
    lines = f"temperature = {accepts}"
    new_session(kind, model_lines=lines, model=f"{kind}/m", temperature=0.3).send("hi")
    assert model_server.requests[0].get("temperature") == sent


@pytest.mark.parametrize("reasoning", ["true", "false"])
def test_the_thinking_budget_is_sent_only_to_models_that_reason(
    model_server: ModelServer, new_session: NewSession, reasoning: str
) -> None:
    """And it is saved as it was sent, whether the configuration or the session has set it."""
    store = MemorySessionStore()
    lines, sent = f"reasoning = {reasoning}", []
    for options in ({"top": THINKING}, {"model": "anthropic/m", "thinking_budget": 2048}):
        model_server.script(says("Hi."))
        session = new_session("anthropic", model_lines=lines, session_store=store, **options)
        session.send("hi")
        session.save()
        saved = store.load(session.session_id)
        assert saved is not None
        budget = model_server.requests[-1].get("thinking", {}).get("budget_tokens")
        sent.append(budget)
        assert (saved.thinking_enabled, saved.thinking_budget) == (budget is not None, budget)
    assert sent == ([2048, 2048] if reasoning == "true" else [None, None])


def test_the_price_of_a_call(model_server: ModelServer, new_session: NewSession, kind: str) -> None:
    """Prompt and completion tokens, each with its price per million."""
    model_server.script(says("Hi.").using(2_000_000, 500_000))
    session = new_session(kind, model_lines="cost {\n input = 3\n output = 8\n}")
    session.send("hi")
    assert session.cost_usd == pytest.approx(2 * 3 + 0.5 * 8)
    (record,) = session.cost_records()
    assert record["cost_usd"] == pytest.approx(10.0)


def test_calls_are_reported_with_the_family_of_their_model(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("Hi."), says("Hi."))
    session = new_session(model_lines='family = "small"\n}\nmodels {\n id = "other"')
    session.send("hi")
    session.use_model("openai/other")
    session.send("hi")
    assert [record["family"] for record in session.cost_records()] == ["small", ""]


def test_the_id_of_a_model_is_sent_as_it_stands(
    model_server: ModelServer, new_session: NewSession, kind: str
) -> None:
    model_server.script(says("Hi."))
    other = '}\nmodels {\n id = "org/name:tag"'
    new_session(kind, model_lines=other, model=f"{kind}/org/name:tag").send("hi")
    assert model_server.requests[0]["model"] == "org/name:tag"


def test_the_memory_block_sets_sizes_but_switches_nothing_on(new_session: NewSession) -> None:
    block = "memory {\n max_short_term = 2\n max_working = 1\n}"
    assert not new_session(top=block).has_memory
    memory = new_session(top=block, memory_store=InMemoryStore()).memory()
    assert memory is not None
    for number in range(3):
        memory.remember(f"fact {number}")
        memory.add_to_working(f"step {number}")
    assert memory.stats() == {"long_term_count": 3, "short_term_count": 2, "working_count": 1}


def test_a_store_of_the_hosts_that_is_missing_is_a_warning(
    model_server: ModelServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """`storage_backend = "custom"` needs an object; without it nothing is kept."""
    top = f'storage_backend = "custom"\nsessions_dir = "{(tmp_path / "kept").as_posix()}"'
    agent = Agent.create(agent_hcl(model_server, top=top))
    model_server.script(says("Hi."), says("Hi."))
    with agent.session(tmp_path, auto_save=True) as session:
        assert session.send("hi").text == "Hi."
    assert "storage_backend is custom but no session_store was given" in caplog.text
    assert not (tmp_path / "kept").exists()
    store = MemorySessionStore()
    with agent.session(tmp_path, session_store=store, auto_save=True) as session:
        session.send("hi")
        assert store.list() == [session.session_id]


def test_why_there_is_no_memory_is_said_at_every_prompt(
    model_server: ModelServer,
    new_session: NewSession,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    ask: Caller,
) -> None:
    (tmp_path / "file").touch()
    session = new_session(memory_dir=str(tmp_path / "file" / "memory"))
    caplog.clear()
    model_server.script(says("One."), says("Two."))
    ask(session, "one")
    ask(session, "two")
    said = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert said == [session.init_warning] * 2


# -- resuming --------------------------------------------------------------------------------------


def test_a_resumed_session_takes_all_but_the_conversation_from_the_call(
    model_server: ModelServer, tmp_path: Path
) -> None:
    """Model, slots, instructions and auto-save; options may stand in the second place."""
    store = MemorySessionStore()
    lines = '}\nmodels {\n id = "other"'
    agent = Agent.create(agent_hcl(model_server, model=lines))
    (tmp_path / "AGENTS.md").write_text("Old rule.", "utf-8")
    options: dict[str, Any] = {"session_store": store, "session_id": "s"}
    model_server.script(says("One."), says("Two."))
    with agent.session(tmp_path, model="openai/other", role="Old role.", **options) as first:
        first.send("one")
        first.save()
    before = store.load("s")
    assert before is not None
    assert "Old rule." in before.config.system_prompt
    (tmp_path / "AGENTS.md").write_text("New rule.", "utf-8")
    with agent.resume_session("s", SessionOptions(session_store=store)) as again:
        assert again.model == "openai/m"
        again.send("two")
    system = str(model_server.requests[1]["messages"][0]["content"])
    assert ("New rule." in system, "Old" in system) == (True, False)
    assert store.load("s") == before


def test_a_resumed_session_has_no_settings_of_the_first(
    model_server: ModelServer, tmp_path: Path
) -> None:
    """Neither permissions, memory and plans nor what was registered, nor the tools that were saved."""
    store = MemorySessionStore()
    agent = Agent.create(agent_hcl(model_server))

    def greet(name: str) -> str:
        """Greet."""
        return name

    options: dict[str, Any] = {"session_store": store, "session_id": "s"}
    with agent.session(
        tmp_path, permissive=True, planning=True, memory_store=InMemoryStore(), **options
    ) as first:
        first.register_tool(greet)
        first.register_command("mine", "", lambda args, ctx: "")
        first.register_hook("h", "pre_tool_use", handler=lambda event: None)
        first.save()
    model_server.script(calls("write", file_path="a.txt", content="x"), says("Refused."))
    with agent.resume_session("s", session_store=store) as again:
        types = [event.event_type for event in again.stream("write it")]
        assert again.has_memory is False
        assert "greet" not in again.tool_names()
        assert "mine" not in [command["name"] for command in again.list_commands()]
        assert again.hook_count() == 0
    assert "planning_start" not in types
    assert not (tmp_path / "a.txt").exists()


def test_resuming_reads_skills_again_and_goes_on_with_the_totals(
    model_server: ModelServer, tmp_path: Path
) -> None:
    """And saves of its own accord where that was asked for."""
    store, folder = MemorySessionStore(), tmp_path / "skills"
    folder.mkdir()
    skill = "---\nname: charts\ndescription: {} charts\n---\n"
    (folder / "charts.md").write_text(skill.format("Old"), "utf-8")
    price = "cost {\n input = 1000\n output = 2000\n}"
    top = f'skill_dirs = ["{folder.as_posix()}"]'
    agent = Agent.create(agent_hcl(model_server, model=price, top=top))
    model_server.answer_with(lambda _: says("ok").using(10, 5))
    with agent.session(tmp_path, session_store=store, session_id="s") as first:
        first.send("one")
        first.save()
    (folder / "charts.md").write_text(skill.format("New"), "utf-8")
    with agent.resume_session("s", session_store=store, auto_save=True) as again:
        again.send("two")
        assert (again.usage.total_tokens, again.cost_usd) == (30, pytest.approx(0.04))
        assert len(again.cost_records()) == 2
    systems = [str(request["messages"][0]["content"]) for request in model_server.requests]
    assert ["Old charts" in system for system in systems] == [True, False]
    assert ["New charts" in system for system in systems] == [False, True]
    saved = store.load("s")
    assert saved is not None
    assert [message.text for message in saved.messages] == ["one", "ok", "two", "ok"]


def test_saving_keeps_the_time_of_creation(model_server: ModelServer, tmp_path: Path) -> None:
    """Also across resuming; the time of the last change moves on."""
    store = MemorySessionStore()
    agent = Agent.create(agent_hcl(model_server))
    with agent.session(tmp_path, session_store=store, session_id="s") as session:
        session.save()
    saved = store.load("s")
    assert saved is not None
    assert 0 < saved.created_at <= saved.updated_at
    store.save(saved.from_dict(saved.to_dict() | {"created_at": 5, "updated_at": 6}))
    with agent.resume_session("s", session_store=store) as again:
        again.save()
    later = store.load("s")
    assert later is not None
    assert later.created_at == 5
    assert later.updated_at >= saved.updated_at
