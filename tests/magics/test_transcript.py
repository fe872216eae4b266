"""The fold over events, without anything that shows it."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code import (
    AgentEvent,
    ConfirmationReceived,
    ConfirmationRequired,
    ConfirmationTimeout,
    End,
    ErrorEvent,
    ModelPreparing,
    PermissionDenied,
    ReasoningDelta,
    Retrying,
    Start,
    SupervisionUnavailable,
    TextDelta,
    TokenUsage,
    ToolEnd,
    ToolInputDelta,
    ToolOutputDelta,
    ToolStart,
    TurnEnd,
    TurnStart,
    UnknownEvent,
)
from a3s_code.loop.machine import CANCELLED_RESULT
from a3s_magics.cards import sign, standing
from a3s_magics.ending import what_is_left
from a3s_magics.rope import Rope
from a3s_magics.statusline import activity
from a3s_magics.transcript import (
    CUT_OFF,
    Failure,
    Notice,
    Reasoning,
    Text,
    ToolCall,
    Transcript,
    advance,
)

USAGE = TokenUsage(prompt_tokens=7, completion_tokens=3, total_tokens=10)


def end(text: str = "", *, cancelled: bool = False) -> End:
    return End(text=text, total_tokens=10, usage=USAGE, cancelled=cancelled)


def tool_end(tool_id: str, exit_code: int = 0, output: str = "out") -> ToolEnd:
    return ToolEnd(
        tool_id=tool_id,
        tool_name="bash",
        tool_output=output,
        exit_code=exit_code,
        args={"command": "ls"},
        duration_ms=12,
    )


def fold(*events: AgentEvent) -> Transcript:
    return reduce(advance, events, Transcript())


@given(st.lists(st.text(max_size=5), max_size=30))
def test_neighbouring_deltas_are_one_stretch_of_text(pieces: list[str]) -> None:
    view = fold(*(TextDelta(text=piece) for piece in pieces))

    assert view.text == "".join(pieces)
    assert len(view.segments) == (1 if "".join(pieces) else 0)


def test_text_reasoning_and_tools_keep_their_order() -> None:
    view = fold(
        Start(prompt="p"),
        TurnStart(turn=1),
        ReasoningDelta(text="hm"),
        TextDelta(text="Let me look."),
        ToolStart(tool_id="1", tool_name="bash"),
        ToolInputDelta(tool_id="1", text='{"command": "ls"}'),
        ToolOutputDelta(tool_id="1", tool_name="bash", text="o"),
        ToolOutputDelta(tool_id="1", tool_name="bash", text="ut"),
        tool_end("1"),
        TurnEnd(turn=1, total_tokens=10, usage=USAGE),
        TurnStart(turn=2),
        TextDelta(text="Done."),
        end("Done."),
    )

    kinds = [type(part) for part in view.segments]
    assert kinds == [Reasoning, Text, ToolCall, Text]
    call = view.segments[2]
    assert isinstance(call, ToolCall)
    assert (call.state, call.exit_code, str(call.output), call.result) == ("done", 0, "out", "out")
    assert (view.prompt, view.turn, view.outcome, view.text) == ("p", 2, "done", "Done.")
    assert view.usage == USAGE


def test_an_earlier_value_does_not_change_with_a_later_one() -> None:
    first = fold(TextDelta(text="a"))
    second = advance(first, TextDelta(text="b"))
    third = advance(first, TextDelta(text="c"))

    assert (first.text, second.text, third.text) == ("a", "ab", "ac")


@pytest.mark.parametrize(
    ("answer", "state", "approved"),
    [
        (ConfirmationReceived(tool_id="1", approved=True), "running", True),
        (ConfirmationReceived(tool_id="1", approved=False, reason="no"), "refused", False),
        (ConfirmationTimeout(tool_id="1", action_taken="rejected"), "refused", False),
        (ConfirmationTimeout(tool_id="1", action_taken="auto_approved"), "running", True),
    ],
)
def test_a_question_is_open_until_it_is_answered(
    answer: AgentEvent, state: str, approved: bool
) -> None:
    asked = fold(
        ToolStart(tool_id="1", tool_name="bash"),
        ConfirmationRequired(tool_id="1", tool_name="bash", args={"command": "ls"}),
    )
    assert [call.tool_id for call in asked.questions] == ["1"]

    answered = advance(asked, answer)

    assert answered.questions == ()
    call = answered.tool("1")
    assert call is not None
    assert (call.state, call.approved) == (state, approved)


def test_a_denied_call_stays_denied_after_its_tool_end() -> None:
    denied = PermissionDenied(tool_id="1", tool_name="bash", args={}, reason="rule")
    call = fold(ToolStart(tool_id="1", tool_name="bash"), denied, tool_end("1", 1)).tool("1")

    assert call is not None
    assert (call.state, call.reason, call.over) == ("refused", "rule", True)


def test_the_status_line_names_the_tool_that_runs() -> None:
    def approved(tool_id: str) -> list[AgentEvent]:
        return [
            ToolStart(tool_id=tool_id, tool_name="bash"),
            ConfirmationRequired(
                tool_id=tool_id, tool_name="bash", args={"command": "ls"}, timeout_ms=None
            ),
            ConfirmationReceived(tool_id=tool_id, approved=True),
        ]

    first, second = approved("a"), approved("b")
    assert activity(fold(TextDelta(text="Let me see."))) == "answering"
    assert activity(fold(*first)) == "bash runs"
    assert activity(fold(*first, *second)) == "2 tools run"
    assert activity(fold(*first, *second, tool_end("b"))) == "bash runs"
    assert activity(fold(*first, tool_end("a"))) == "answering"


def test_a_tool_end_without_a_beginning_is_shown() -> None:
    call = fold(tool_end("late")).tool("late")

    assert call is not None
    assert call.over


def test_progress_is_one_line_that_goes_when_the_answer_begins() -> None:
    half = ModelPreparing(text="fetching", received_bytes=50, total_bytes=100)
    done = ModelPreparing(text="fetching", received_bytes=100, total_bytes=100)
    retry = Retrying(attempt=2, delay_ms=1500, status=429, reason="busy")
    view = fold(half, done)
    assert view.segments == (Notice("preparing", "fetching", 1.0),)

    view = fold(half, done, TextDelta(text="hi"))
    assert view.segments == (Text(Rope("hi")),)

    view = fold(retry, retry, TextDelta(text="hi"))
    assert view.segments == (Text(Rope("hi")),)

    view = fold(retry, ErrorEvent(error="gone", error_type="ModelUnreachable"))
    assert view.segments == (Failure("ModelUnreachable", "gone"),)


def test_an_error_keeps_the_partial_text_and_settles_running_tools() -> None:
    view = fold(
        TextDelta(text="part"),
        ToolStart(tool_id="1", tool_name="bash", args={"command": "ls"}),
        ErrorEvent(error="no route", error_type="ModelUnreachable"),
    )

    assert view.outcome == "failed"
    assert view.text == "part"
    assert view.segments[-1] == Failure("ModelUnreachable", "no route")
    call = view.tool("1")
    assert call is not None
    assert call.state == "cancelled"


def test_a_cancelled_end_settles_running_tools() -> None:
    view = fold(ToolStart(tool_id="1", tool_name="bash"), end("part", cancelled=True))

    call = view.tool("1")
    assert call is not None
    assert (view.outcome, call.state) == ("cancelled", "cancelled")


ASKED = ConfirmationRequired(tool_id="1", tool_name="bash", args={"command": "ls"})
APPROVED = ConfirmationReceived(tool_id="1", approved=True)


def told(view: Transcript, tool_id: str) -> str:
    call = view.tool(tool_id)
    assert call is not None
    return f"{sign(call)} {standing(call)}"


def test_cancel_while_a_question_is_open_says_that_the_call_did_not_run() -> None:
    view = fold(ASKED, tool_end("1", 1, CANCELLED_RESULT), end(cancelled=True))

    assert told(view, "1") == "■ cancelled, not run"
    assert told(fold(ASKED, end(cancelled=True)), "1") == "■ cancelled, not run"


@pytest.mark.parametrize("output", [CANCELLED_RESULT, f"{CANCELLED_RESULT} Its output until then:"])
def test_a_tool_that_was_cut_off_has_not_failed(output: str) -> None:
    view = fold(ASKED, APPROVED, tool_end("1", 1, output), end(cancelled=True))

    assert told(view, "1") == "■ approved, cancelled, 0.0 s"


def test_a_command_cannot_pretend_that_it_was_cancelled() -> None:
    view = fold(ASKED, APPROVED, tool_end("1", 1, CANCELLED_RESULT), end())

    assert told(view, "1") == "✗ approved, exit 1, 0.0 s"


def test_a_failure_before_the_cancel_stays_a_failure() -> None:
    view = fold(ASKED, APPROVED, tool_end("1", 1, "no such file"), end(cancelled=True))

    assert told(view, "1") == "✗ approved, exit 1, 0.0 s"


def test_the_words_of_a_cancelled_call_are_the_librarys() -> None:
    assert CUT_OFF == CANCELLED_RESULT


@pytest.mark.parametrize(
    ("answer", "expected"), [(True, "✓ approved, result above"), (False, "⊘ denied: no")]
)
@pytest.mark.parametrize("ends", [True, False])
def test_a_call_inside_a_batch_ends_with_it(answer: bool, expected: str, ends: bool) -> None:
    inner = ConfirmationRequired(tool_id="1.1", tool_name="bash", args={"command": "ls"})
    decided = ConfirmationReceived(tool_id="1.1", approved=answer, reason=None if answer else "no")
    batch = ToolStart(tool_id="1", tool_name="batch", args={})
    view = fold(batch, inner, decided, *([tool_end("1")] if ends else []), end(cancelled=not ends))

    call = view.tool("1.1")
    assert call is not None
    if ends or not answer:
        assert told(view, "1.1") == expected
        assert call.over
    else:
        assert told(view, "1.1") == "■ approved, cancelled"


def test_a_cancelled_turn_says_whether_anything_is_kept() -> None:
    retry = Retrying(attempt=2, delay_ms=1500, status=429, reason="busy")

    assert what_is_left(fold(end(cancelled=True))) == "nothing had arrived"
    assert what_is_left(fold(retry, end(cancelled=True))) == "nothing had arrived"
    assert "is kept" in what_is_left(fold(TextDelta(text="a"), end("a", cancelled=True)))


def test_an_answer_that_comes_only_with_the_end_is_shown() -> None:
    assert fold(end("whole")).segments == (Text(Rope("whole")),)


def test_events_of_unknown_types_change_nothing() -> None:
    view = fold(TextDelta(text="a"))

    assert advance(view, UnknownEvent("moon_phase", {"text": "full"})) is view


def test_many_deltas_share_their_pieces() -> None:
    """Versions of a text share memory: 20,000 of them would otherwise hold 10^9 characters."""
    versions = []
    view = Transcript()
    for _ in range(20_000):
        view = advance(view, TextDelta(text="12345"))
        versions.append(view)

    assert len(versions[-1].text) == 100_000
    assert versions[9].text == "12345" * 10


@given(st.lists(st.text(max_size=4), max_size=12), st.integers(0, 12))
def test_a_rope_tells_what_came_after_a_bookmark(pieces: list[str], at: int) -> None:
    rope = Rope()
    marks = [(rope.count, "")]
    for piece in pieces:
        rope = rope + piece
        marks.append((rope.count, str(rope)))
    mark, before = marks[min(at, len(pieces))]

    assert before + rope.after(mark) == str(rope) == "".join(pieces)
    assert len(rope) == len(str(rope))


def test_a_session_that_goes_on_unsupervised_says_so() -> None:
    problem = "no supervision, the session goes on without: it was not started"
    view = advance(Transcript(), SupervisionUnavailable(session_id="s1", error=problem))
    assert view.segments == (Notice("warning", problem),)
