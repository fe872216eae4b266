"""The agent loop's rules, without a model."""

import pytest

from a3s_code.errors import ParseRetriesExceeded
from a3s_code.llm.model import ModelReply
from a3s_code.loop.machine import (
    CANCELLED_RESULT,
    AgentLoop,
    CallModel,
    Finish,
    LoopLimits,
    RunTools,
    without_open_calls,
)
from a3s_code.messages import Message, TextBlock, ToolResultBlock, ToolUseBlock
from a3s_code.results import TokenUsage


def says(text: str, tokens: int = 0) -> ModelReply:
    usage = TokenUsage(prompt_tokens=tokens, total_tokens=tokens)
    return ModelReply(
        message=Message("assistant", (TextBlock(text),)), stop_reason="stop", usage=usage
    )


def calls(*ids: str, text: str = "", **args: object) -> ModelReply:
    blocks = tuple(ToolUseBlock(id_, "read", args) for id_ in ids)
    first = (TextBlock(text),) if text else ()
    return ModelReply(message=Message("assistant", first + blocks), stop_reason="tool_calls")


def result(id_: str) -> ToolResultBlock:
    return ToolResultBlock(id_, f"output of {id_}")


def started(limits: LoopLimits | None = None, history: list[Message] | None = None) -> AgentLoop:
    loop = AgentLoop(list(history or []), limits or LoopLimits())
    loop.begin(Message.user("go"))
    return loop


def test_text_without_calls_finishes() -> None:
    loop = AgentLoop([])
    assert loop.begin(Message.user("hi")) == CallModel((Message.user("hi"),))
    assert loop.on_reply(says("Hello.", tokens=7)) == Finish("Hello.")
    assert [message.role for message in loop.messages] == ["user", "assistant"]
    assert loop.usage.total_tokens == 7


def test_calls_are_run_and_their_results_go_back_in_call_order() -> None:
    loop = started()
    step = loop.on_reply(calls("a", "b"))
    assert isinstance(step, RunTools)
    assert [call.id for call in step.calls] == ["a", "b"]
    step = loop.on_results([result("a"), result("b")])
    assert isinstance(step, CallModel)
    assert [m.content[0].tool_use_id for m in step.messages[2:]] == ["a", "b"]  # type: ignore[union-attr]
    assert loop.tool_calls == 2


def test_the_round_limit_ends_the_run_after_the_tools_of_its_last_round() -> None:
    loop = started(LoopLimits(max_tool_rounds=2))
    loop.on_reply(calls("a", text="looking"))
    loop.on_results([result("a")])
    loop.on_reply(calls("b", text="still looking"))
    assert loop.on_results([result("b")]) == Finish("still looking")
    assert loop.messages[-1].content == (result("b"),)


def test_a_malformed_call_is_fed_back_until_the_limit_and_a_good_one_resets_the_count() -> None:
    bad = {"__parse_error": "not JSON: {oops"}
    loop = started(LoopLimits(max_parse_retries=2))
    for reply in (calls("1", **bad), calls("2", **bad), calls("3"), calls("4", **bad)):
        step = loop.on_reply(reply)
        assert isinstance(step, RunTools)
        assert isinstance(loop.on_results([result(step.calls[0].id)]), CallModel)
    loop.on_reply(calls("5", **bad))
    loop.on_results([result("5")])
    loop.on_reply(calls("6", **bad))
    with pytest.raises(ParseRetriesExceeded, match=r"3 tool calls in a row .* limit is 2"):
        loop.on_results([result("6")])


def test_an_announcement_is_continued_at_most_three_times() -> None:
    loop = started()
    for _ in range(3):
        assert isinstance(loop.on_reply(says("Let me look at the file.")), CallModel)
    assert loop.on_reply(says("Let me look.")) == Finish("Let me look.")


def test_continuation_can_be_switched_off() -> None:
    loop = started(LoopLimits(continuation_enabled=False))
    assert loop.on_reply(says("Let me look:")) == Finish("Let me look:")


def test_cancel_during_an_answer_keeps_prompt_and_partial_text() -> None:
    loop = started()
    partial = Message("assistant", (TextBlock("Half an ans"),))
    assert loop.on_cancel(partial) == Finish("Half an ans")
    assert loop.messages == [Message.user("go"), partial]


def test_cancel_between_the_calls_of_an_answer_closes_those_that_came_in() -> None:
    """Anthropic's stream tells of each call when it is whole, before the answer is."""
    loop = started()
    partial = calls("a", text="Let me").message

    loop.on_cancel(partial)

    assert loop.messages[-2] == partial
    assert loop.messages[-1].content == (ToolResultBlock("a", CANCELLED_RESULT, True),)


def test_cancel_during_tools_gives_every_call_a_result() -> None:
    loop = started()
    loop.on_reply(calls("a", "b", text="Two calls."))
    assert loop.on_cancel(None, {"a": result("a")}) == Finish("Two calls.")
    answered = [message.content[0] for message in loop.messages[-2:]]
    assert answered == [result("a"), ToolResultBlock("b", CANCELLED_RESULT, True)]


def test_a_failure_before_the_first_round_leaves_the_history_as_it_was() -> None:
    before = [Message.user("earlier"), Message("assistant", (TextBlock("yes"),))]
    loop = started(history=before)
    assert loop.history_after_failure() == before


def test_a_failure_later_keeps_the_completed_rounds() -> None:
    loop = started()
    loop.on_reply(calls("a"))
    loop.on_results([result("a")])
    kept = loop.history_after_failure()
    assert len(kept) == 3
    assert kept[-1].content == (result("a"),)


def test_a_snapshot_drops_unanswered_calls_but_keeps_their_text() -> None:
    messages = [
        Message.user("go"),
        calls("a").message,
        Message("user", (result("a"),)),
        calls("b", text="And now b.").message,
    ]
    kept = without_open_calls(messages)
    assert kept[:3] == messages[:3]
    assert kept[3] == Message("assistant", (TextBlock("And now b."),))
