"""A conversation is encoded once, and as if it were encoded anew each time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.llm import anthropic, openai
from a3s_code.llm.history import Encode, GrowingHistory
from a3s_code.llm.text_only import text_only
from a3s_code.messages import (
    Block,
    ImageBlock,
    Message,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)

TEXTS = st.builds(TextBlock, st.sampled_from(["hello", "", " ", 'a "quoted" word', "é\ud800"]))
IMAGES = st.just(ImageBlock("image/png", "iVBORw0KGgo="))
RESULTS = st.builds(
    ToolResultBlock,
    st.sampled_from(["c1", "c2"]),
    st.one_of(st.just("output"), st.tuples(TEXTS, IMAGES)),
)
CALLS = st.builds(
    ToolUseBlock, st.sampled_from(["c1", "c2"]), st.just("ls"), st.just({"path": "."})
)
THINKING = st.builds(ThinkingBlock, st.just("hm"), st.sampled_from(["", "signed"]))


def said_by(blocks: st.SearchStrategy[Block]) -> st.SearchStrategy[tuple[Block, ...]]:
    return st.lists(blocks, max_size=2).map(tuple)


MESSAGES = st.one_of(
    st.builds(Message, st.just("user"), said_by(st.one_of(TEXTS, IMAGES, RESULTS))),
    st.builds(
        Message,
        st.just("assistant"),
        said_by(st.one_of(TEXTS, CALLS, THINKING)),
        st.sampled_from([None, "thought"]),
    ),
)
CONVERSATIONS = st.lists(MESSAGES, min_size=1, max_size=12)


@pytest.mark.parametrize("images", [True, False])
@pytest.mark.parametrize("encode", [openai.message_texts, anthropic.message_texts])
@given(data=st.data())
def test_what_is_known_changes_nothing(encode: Encode, images: bool, data: st.DataObject) -> None:
    """Whatever was encoded before: less of the same conversation, more of it, or another one."""
    both = data.draw(CONVERSATIONS), data.draw(CONVERSATIONS)
    history = GrowingHistory(encode, images=images)
    for _ in range(data.draw(st.integers(1, 6))):
        conversation = data.draw(st.sampled_from(both))
        messages = conversation[: data.draw(st.integers(1, len(conversation)))]
        anew = ",".join(encode(messages if images else text_only(messages)))
        assert history.text(messages) == anew


@pytest.mark.parametrize("silence", [(), (TextBlock(" "),), (ThinkingBlock("hm"),)])
def test_prompts_with_nothing_sent_between_them_are_joined(silence: tuple[Block, ...]) -> None:
    """As the Messages protocol wants it; an answer may have been cancelled before its first word."""
    messages = [Message.user("one"), Message("assistant", silence), Message.user("two")]

    text = GrowingHistory(anthropic.message_texts, images=True).text(messages)

    both = '[{"type":"text","text":"one"},{"type":"text","text":"two"}]'
    assert text == f'{{"role":"user","content":{both}}}'


def test_what_stands_in_front_of_the_prompt_is_encoded_once() -> None:
    """Also when a request is repeated, or goes on with results of tools."""
    encoded: list[str] = []

    def encode(messages: Sequence[Message]) -> list[str]:
        encoded.extend(message.text for message in messages)
        return [message.text for message in messages]

    history = GrowingHistory(encode, images=True)
    talk = [Message.user("u1"), Message("assistant", (TextBlock("a1"),)), Message.user("u2")]
    more = [*talk, Message("assistant", (TextBlock("a2"),)), Message.user("u3")]

    texts = [history.text(messages) for messages in (talk[:1], talk, talk, more)]

    assert texts == ["u1", "u1,a1,u2", "u1,a1,u2", "u1,a1,u2,a2,u3"]
    assert encoded == ["u1", "u1", "a1", "u2", "u2", "u2", "a2", "u3"]
