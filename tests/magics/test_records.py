"""Which recorded turn is shown for a prompt, and what a mismatch says."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from a3s_magics.records import Recorded, Recordings, ReplayMismatch


def turns(name: str, *prompts: str, model: str = "openai/m") -> list[Recorded]:
    """A notebook with one recorded turn in each cell."""
    return [
        Recorded(name, cell, {"version": 1, "prompt": prompt, "model": model})
        for cell, prompt in enumerate(prompts, start=1)
    ]


def places(recordings: Recordings, prompts: Sequence[str]) -> list[str]:
    return [recordings.turn(prompt, None).place for prompt in prompts]


def test_equal_prompts_are_told_apart_by_their_order() -> None:
    recordings = Recordings([turns("a", "go on", "stop", "go on")])

    found = places(recordings, ["go on", "stop", "go on"])

    assert found == ["cell 1 of a", "cell 2 of a", "cell 3 of a"]


def test_a_cell_that_runs_again_gets_its_turn_again() -> None:
    recordings = Recordings([turns("a", "one", "two")])

    assert places(recordings, ["one", "two", "two", "one"]) == [
        f"cell {cell} of a" for cell in (1, 2, 2, 1)
    ]


def test_the_notebook_in_a_folder_is_found_by_its_prompts() -> None:
    recordings = Recordings([turns("a", "hi", "bye"), [], turns("b", "hi", "more", "bye")])

    assert places(recordings, ["hi", "more", "bye"])[1:] == ["cell 2 of b", "cell 3 of b"]


def test_a_changed_prompt_is_told_by_where_it_differs() -> None:
    recordings = Recordings([turns("a.ipynb", "one", "Count the " + "very " * 20 + "long rows")])
    recordings.turn("one", None)

    with pytest.raises(ReplayMismatch) as raised:
        recordings.turn("Count the " + "very " * 20 + "long columns", None)

    message = str(raised.value)
    assert "prompt" in message
    assert "cell 2 of a.ipynb" in message
    assert "long rows'" in message
    assert "long columns'" in message


@pytest.mark.parametrize("now", ["openai/m", "m", None])
def test_the_same_model_or_none_is_no_change(now: str | None) -> None:
    assert Recordings([turns("a", "hi")]).turn("hi", now).cell == 1


@pytest.mark.parametrize("now", ["openai/other", "other", "x", "anthropic/m"])
def test_another_model_is_told_with_both_names(now: str) -> None:
    with pytest.raises(ReplayMismatch, match=rf"model has changed.*openai/m.*{now} would"):
        Recordings([turns("a", "hi")]).turn("hi", now)


def test_nothing_recorded_and_an_unknown_version_are_said() -> None:
    with pytest.raises(ReplayMismatch, match="no turn is recorded for the prompt 'hi'"):
        Recordings([[]]).turn("hi", None)
    newer = Recorded("a", 1, {"version": 99, "prompt": "hi"})
    with pytest.raises(ReplayMismatch, match="version 99"):
        Recordings([[newer]]).turn("hi", None)


def test_records_without_names_are_told_apart_by_the_ids_of_their_sessions() -> None:
    ids = ("a", "b", "a")
    recordings = Recordings(
        [
            [
                Recorded(
                    "n", cell, {"version": 1, "prompt": "go", "model": "m", "session_id": session}
                )
                for cell, session in enumerate(ids, start=1)
            ]
        ]
    )
    asked = ("", "plots", "main", "plots", "")
    assert [recordings.turn("go", None, session).cell for session in asked] == [1, 2, 3, 2, 2]
    assert recordings.session == "plots"
