"""A session against the scripted model, in a temporary workspace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from a3s_code import Agent, Session
from tests.model_server import ModelServer, agent_hcl
from tests.session.callers import CALLERS, STREAMS, Caller

NewSession = Callable[..., Session]


@pytest.fixture(params=["openai", "anthropic"])
def kind(request: pytest.FixtureRequest) -> str:
    """The provider's protocol."""
    return str(request.param)


@pytest.fixture(params=CALLERS, ids=lambda caller: caller.__name__)
def ask(request: pytest.FixtureRequest) -> Caller:
    """Every way to send a prompt."""
    caller: Caller = request.param
    return caller


@pytest.fixture(params=STREAMS, ids=lambda caller: caller.__name__)
def ask_stream(request: pytest.FixtureRequest) -> Caller:
    """The ways that give events."""
    caller: Caller = request.param
    return caller


@pytest.fixture
def new_session(model_server: ModelServer, tmp_path: Path) -> Iterator[NewSession]:
    """Makes sessions; options as for `Agent.session`, plus `kind` and lines for the configuration."""
    made: list[Session] = []

    def make(
        kind: str = "openai", *, model_lines: str = "", top: str = "", **options: Any
    ) -> Session:
        agent = Agent.create(agent_hcl(model_server, kind, model=model_lines, top=top))
        options = {"permissive": True, "retry_config": {"base_delay_ms": 1}} | options
        session = agent.session(tmp_path, **options)
        made.append(session)
        return session

    yield make
    for session in made:
        session.close()
