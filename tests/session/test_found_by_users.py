"""Faults that people found by trying, each held down by a test."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from a3s_code import A3SError, Agent, ModelUnreachable, SessionClosed
from tests.model_server import ModelServer, agent_hcl
from tests.session.conftest import NewSession

CANARY = "sk-canary-123456789"


def test_a_key_that_cannot_be_sent_is_in_no_traceback(
    model_server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A3S_TEST_KEY", f"{CANARY}\nsecond line")
    hcl = agent_hcl(model_server).replace('"test-key"', 'env("A3S_TEST_KEY")')
    with pytest.raises(A3SError) as caught:
        Agent.create(hcl).session(tmp_path).send("hi")
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert model_server.requests == []


def test_a_port_that_does_not_exist_is_one_clear_error(tmp_path: Path) -> None:
    session = Agent.create(agent_hcl("http://127.0.0.1:99999/v1")).session(tmp_path)
    with pytest.raises(ModelUnreachable, match="check base_url"):
        session.send("hi")


def test_a_closed_session_answers_no_side_question(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = new_session()
    session.close()
    with pytest.raises(SessionClosed):
        session.btw("why?")
    assert model_server.requests == []
