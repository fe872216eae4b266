"""What a list tells of each session, and that it is read from the beginning of its file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code import FileSessionStore, SessionSummary
from a3s_code.messages import ImageBlock, Message, TextBlock
from a3s_code.store.saved import ContextUsage, SavedSession
from a3s_code.store.saver import SessionSaver
from a3s_code.store.summary import FRONT_BYTES, first_prompt, leading_values
from tests.store.sessions import LONG, session, turn


def asked(turns: int, session_id: str = "s", first: str = "prompt 0") -> SavedSession:
    """A session whose totals count its prompts, as a real one's do."""
    saved = session(turns, session_id)
    messages = (Message.user(first), *saved.messages[1:]) if turns else ()
    return replace(saved, messages=messages, context_usage=ContextUsage(turns=turns))


def test_a_session_is_told_by_its_first_prompt_and_its_last_use(store: FileSessionStore) -> None:
    assert store.summaries() == []
    store.save(asked(2, "b", first="  Plot the tides.\nBy month.  "))
    store.save(asked(0, "a"))
    store.save(asked(7, "c"))
    assert store.summaries() == [
        SessionSummary(id="c", first_prompt="prompt 0", prompts=7, updated_at=1_700_000_007),
        SessionSummary(
            id="b", first_prompt="Plot the tides.\nBy month.", prompts=2, updated_at=1_700_000_002
        ),
        SessionSummary(id="a", first_prompt="", prompts=0, updated_at=1_700_000_000),
    ]


def test_only_the_beginning_of_a_file_is_read(store: FileSessionStore, folder: Path) -> None:
    """What follows it may be anything here, and mostly is long."""
    store.save(asked(400, first="\x00é" * 500))
    path = folder / "s.json"
    whole = path.read_bytes()
    assert len(whole) > 10 * FRONT_BYTES
    path.write_bytes(whole[:FRONT_BYTES] + b"\xff nothing that could be read")
    (summary,) = store.summaries()
    assert (summary.prompts, summary.first_prompt) == (400, "\x00é" * 100)


def test_the_turns_of_a_session_that_goes_on_are_counted(store: FileSessionStore) -> None:
    saver = SessionSaver.fresh(store, "s")
    for turns in range(1, LONG + 1):
        saver.save(asked(turns))
    (summary,) = store.summaries()
    assert (summary.prompts, summary.updated_at) == (LONG, 1_700_000_000 + LONG)
    saver.close()
    assert store.summaries() == [summary]


@pytest.mark.parametrize("changes", [{}, {"summary": 3}, {"summary": {"prompts": "x"}}])
def test_a_file_of_another_program_is_told_from_its_content(
    store: FileSessionStore, folder: Path, changes: dict[str, Any]
) -> None:
    folder.mkdir(parents=True)
    document = changes | asked(3).to_dict()
    (folder / "s.json").write_text(json.dumps(document), encoding="utf-8")
    assert store.summaries() == [
        SessionSummary(id="s", first_prompt="prompt 0", prompts=3, updated_at=1_700_000_003)
    ]


@pytest.mark.parametrize("content", ["", "[]", "[" * 100_000, '{"id": 3}', '{"id": "s", "sum'])
def test_a_damaged_file_hides_no_other(store: FileSessionStore, folder: Path, content: str) -> None:
    store.save(asked(1, "whole"))
    (folder / "damaged.json").write_text(content, encoding="utf-8")
    whole, damaged = store.summaries()
    assert (whole.id, whole.prompts) == ("whole", 1)
    assert damaged == SessionSummary(id="damaged", prompts=None)


def test_the_first_prompt_is_the_first_text_of_the_user() -> None:
    image = ImageBlock("image/png", "AAAA")
    assert first_prompt([]) == ""
    assert first_prompt([Message("user", (image,)), *turn(1)]) == "prompt 1"
    assert first_prompt([Message("user", (image, TextBlock(" look ")))]) == "look"
    assert first_prompt([Message.user("x" * 1000)]) == "x" * 200
    assert first_prompt([Message.user("I called a tool."), *turn(1), *turn(2)]) == "prompt 1"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), st.data())
def test_the_beginning_of_an_object_tells_its_first_values(
    document: dict[str, Any], data: st.DataObject
) -> None:
    text = json.dumps(document, indent=data.draw(st.sampled_from([None, 2])))
    cut = data.draw(st.integers(0, len(text)))
    found = list(leading_values(text[:cut]))
    assert found == list(document.items())[: len(found)]
    assert len(list(leading_values(text))) >= len(document) - 1
