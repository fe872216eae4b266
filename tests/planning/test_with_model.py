"""A plan carried out by the agent's own loop against the scripted server, through both protocols."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest

from a3s_code.config.load import load_config
from a3s_code.events import AgentEvent
from a3s_code.llm.bound import BoundModel
from a3s_code.llm.network import close_clients
from a3s_code.loop.machine import AgentLoop, Finish
from a3s_code.messages import Message, TextBlock, ToolResultBlock, ToolUseBlock
from a3s_code.planning.driver import Answer, PlanDriver, PlanResult
from a3s_code.planning.waves import StepCall, StepOutcome
from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, agent_hcl, says, status


class LoopHost:
    """The smallest host: every step is an agent loop without tools."""

    def __init__(self, model: BoundModel) -> None:
        self.model = model
        self.events: list[AgentEvent] = []

    async def emit(self, events: list[AgentEvent]) -> None:
        self.events += events

    async def ask(self, system: str, messages: Sequence[Message]) -> Answer:
        reply = await self.model.call(system, messages, ()).run(_unheard)
        return Answer(text=reply.message.text, usage=reply.usage)

    async def run_step(self, call: StepCall) -> StepOutcome:
        loop = AgentLoop(list(call.history))
        step = loop.on_reply(
            await self.model.call("", loop.begin(call.prompt).messages, ()).run(self.emit)
        )
        assert isinstance(step, Finish)
        return StepOutcome(text=step.text, messages=loop.messages, usage=loop.usage)

    def partial(self, call: StepCall) -> StepOutcome | None:
        return None


async def _unheard(_events: list[AgentEvent]) -> None:
    pass


def run(server: ModelServer, kind: str, history: Sequence[Message] = ()) -> PlanResult:
    async def bounded() -> PlanResult:
        model = BoundModel(load_config(agent_hcl(server, kind)).resolve())
        driver = PlanDriver(
            LoopHost(model), history=history, request=Message.user("ship it"), session_id="s"
        )
        try:
            return await asyncio.wait_for(driver.run(), DEADLINE_S)
        finally:
            await close_clients()

    return asyncio.run(bounded())


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_plan_and_steps_reach_the_model(model_server: ModelServer, kind: str) -> None:
    plan = {"steps": [{"content": "read"}, {"content": "write", "dependencies": ["step-1"]}]}
    model_server.script(
        says(f"Here is it: {json.dumps(plan)}").using(5, 5),
        says("It was read.").using(5, 5),
        says("It was written.").using(5, 5),
    )
    call = ToolUseBlock("c1", "read", {})
    history = [
        Message.user("look"),
        Message("assistant", (TextBlock("Looking."), call)),
        Message("user", (ToolResultBlock("c1", "seen"),)),
        Message("assistant", (TextBlock("Seen."),)),
    ]
    result = run(model_server, kind, history)
    assert (result.text, result.error, result.usage.total_tokens) == ("It was written.", None, 30)
    asked, first, second = (json.dumps(request["messages"]) for request in model_server.requests)
    assert "c1" not in asked  # a question without tools may not speak of calls
    assert "ship it" in asked
    assert "c1" in first
    assert "1. read" in first
    assert "Carry out step 1 of 2: read" in first
    assert "It was read." in second
    assert "Carry out step 2 of 2: write" in second
    assert second.count("Plan:") == 1


def test_a_server_that_refuses_everything_is_an_error_with_the_history_unchanged(
    model_server: ModelServer,
) -> None:
    model_server.script(status(401), status(401))
    result = run(model_server, "openai")
    assert result.error is not None
    assert result.messages == []
    assert len(model_server.requests) == 2
