"""What may go from a long conversation."""

from hypothesis import given
from hypothesis import strategies as st

from a3s_code.loop.compaction import (
    DEFAULT_CONTEXT_TOKENS,
    PRUNED_OUTPUT,
    SUMMARY_HEADING,
    estimated_tokens,
    fills,
    middle,
    pruned,
    summarised,
    transcript,
)
from a3s_code.messages import Message, TextBlock, ToolResultBlock, ToolUseBlock


def said(text: str) -> Message:
    return Message("assistant", (TextBlock(text),))


def called(id_: str) -> Message:
    return Message("assistant", (ToolUseBlock(id_, "read", {"file_path": "a"}),))


def result(id_: str, text: str = "x") -> Message:
    return Message("user", (ToolResultBlock(id_, text),))


def conversation(shape: list[int]) -> list[Message]:
    """A prompt, then for each number an answer with that many tool calls and their results."""
    messages = [Message.user("go")]
    for turn, calls in enumerate(shape):
        ids = [f"{turn}-{number}" for number in range(calls)]
        blocks = tuple(ToolUseBlock(id_, "ls", {}) for id_ in ids)
        messages.append(Message("assistant", (TextBlock(f"turn {turn}"), *blocks)))
        messages += [result(id_) for id_ in ids]
    return messages


def open_calls(messages: list[Message]) -> set[str]:
    calls = {call.id for message in messages for call in message.tool_calls}
    results = {
        block.tool_use_id
        for message in messages
        for block in message.content
        if isinstance(block, ToolResultBlock)
    }
    return calls ^ results


def test_the_threshold_is_reached_exactly_and_an_unknown_size_never() -> None:
    assert fills(80, 100, 0.8)
    assert not fills(79, 100, 0.8)
    assert not fills(10**9, 0, 0.8)


def test_the_documented_texts() -> None:
    assert PRUNED_OUTPUT == "[output pruned — re-read file or re-run command if needed]"
    heading = "[Context Summary: The following is a summary of earlier conversation]"
    assert heading == SUMMARY_HEADING
    assert DEFAULT_CONTEXT_TOKENS == 200_000
    assert estimated_tokens([said("x" * 400)]) == 100


def test_old_outputs_are_pruned_and_the_newest_stay() -> None:
    output = "y" * 4 * 25_000
    messages = [message for n in range(4) for message in (called(str(n)), result(str(n), output))]
    shorter = pruned(messages)
    texts = [m.content[0].text for m in shorter if isinstance(m.content[0], ToolResultBlock)]
    assert texts == [PRUNED_OUTPUT, PRUNED_OUTPUT, output, output]
    assert pruned(shorter) == shorter
    assert estimated_tokens(messages) - estimated_tokens(shorter) > 49_000


def test_nothing_is_pruned_for_a_small_saving() -> None:
    output = "y" * 4 * 15_000
    messages = [message for n in range(4) for message in (called(str(n)), result(str(n), output))]
    assert pruned(messages) == messages


def test_a_short_conversation_has_no_middle() -> None:
    assert middle([said("x")] * 30) is None
    assert middle([said("x")] * 31) == (2, 11)


def test_the_summary_stands_between_the_first_two_and_the_last_twenty() -> None:
    messages = [said(str(number)) for number in range(50)]
    cut = middle(messages)
    assert cut is not None
    shorter = summarised(messages, cut, " What happened. ")
    assert len(shorter) == 23
    assert shorter[2].text == f"{SUMMARY_HEADING}\n\nWhat happened."
    assert (shorter[0], shorter[1], shorter[3]) == (messages[0], messages[1], messages[30])


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40))
def test_calls_and_results_stay_together(shape: list[int]) -> None:
    messages = conversation(shape)
    cut = middle(messages)
    if cut is not None:
        shorter = summarised(messages, cut, "summary")
        assert open_calls(shorter) == set()
        assert len(shorter) <= len(messages)


def test_the_transcript_names_roles_calls_and_results() -> None:
    text = transcript([Message.user("go"), called("1"), result("1", "z" * 9000)])
    assert text.startswith("user: go\n\nassistant: [calls read {")
    assert "[...]" in text
    assert len(text) < 5000
