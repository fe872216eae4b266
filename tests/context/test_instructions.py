"""AGENTS.md: where it is looked for, when it is read, and what is said about it."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from a3s_code import Agent, MemorySessionStore
from a3s_code.context.instructions import project_instructions
from tests.model_server import ModelServer, agent_hcl, says


@pytest.mark.parametrize(
    ("content", "level", "text"),
    [
        (b"Use *tabs*.\n", "INFO", "Use *tabs*.\n"),
        (b" \n\t\n", "DEBUG", ""),
        (b"", "DEBUG", ""),
        (b"\xff\xfe\x00", "WARNING", ""),
        (None, None, ""),
    ],
    ids=["loaded", "blank", "empty", "unreadable", "missing"],
)
def test_what_is_read_and_what_is_logged(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    content: bytes | None,
    level: str | None,
    text: str,
) -> None:
    if content is not None:
        (tmp_path / "AGENTS.md").write_bytes(content)
    with caplog.at_level(logging.DEBUG, "a3s_code"):
        assert project_instructions(tmp_path) == text
    assert [record.levelname for record in caplog.records] == ([level] if level else [])
    if level == "INFO":
        assert str(tmp_path / "AGENTS.md") in caplog.text


def test_folders_above_and_other_names_are_not_searched(tmp_path: Path) -> None:
    place = tmp_path / "place"
    (place / "docs").mkdir(parents=True)
    others = [tmp_path / "AGENTS.md", place / "docs" / "AGENTS.md", place / "AGENTS.txt"]
    if sys.platform == "linux":  # elsewhere this may be the same name
        others.append(place / "agents.md")
    for other in others:
        other.write_text("elsewhere", encoding="utf-8")
    assert project_instructions(place) == ""


@pytest.mark.parametrize("content", [None, b" \n", b"\xff\xfe\x00"])
def test_a_session_is_made_without_them(
    model_server: ModelServer, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "AGENTS.md").write_bytes(content)
    model_server.script(says("ok"))
    assert Agent.create(agent_hcl(model_server)).session(tmp_path).send("hi").text == "ok"
    assert "Project Instructions" not in model_server.requests[0]["messages"][0]["content"]


def test_it_is_read_when_the_session_is_made_and_when_it_is_resumed(
    model_server: ModelServer, tmp_path: Path
) -> None:
    """What appears or changes later, perhaps by the model's own hand, waits for another session."""
    agent, store = Agent.create(agent_hcl(model_server)), MemorySessionStore()
    model_server.answer_with(lambda body: says("ok"))
    file = tmp_path / "AGENTS.md"
    file.write_text("As it was.", encoding="utf-8")
    session = agent.session(tmp_path, session_store=store, session_id="s")
    file.write_text("Rewritten.", encoding="utf-8")
    session.send("hi")
    session.save()
    agent.resume_session("s", session_store=store).send("hi")
    systems = [request["messages"][0]["content"] for request in model_server.requests]
    assert ["As it was." in system for system in systems] == [True, False]
    assert ["Rewritten." in system for system in systems] == [False, True]
