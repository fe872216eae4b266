"""Plans and the runs of other agents in the fold, and the form of both that stays."""

from __future__ import annotations

from functools import reduce

import pytest

from a3s_code import (
    AgentEvent,
    ConfirmationRequired,
    End,
    GoalExtracted,
    GoalUpdated,
    PlanningStart,
    PlanReady,
    ReasoningDelta,
    Start,
    StepEnd,
    StepStart,
    SubagentEnd,
    SubagentProgress,
    SubagentStart,
    TextDelta,
    TokenUsage,
    ToolEnd,
    ToolStart,
)
from a3s_magics.fences import with_closed_fence
from a3s_magics.painters.terminal import TerminalPainter
from a3s_magics.static import segment_markdown, segment_text, turn_markdown
from a3s_magics.statusline import Surroundings, activity
from a3s_magics.transcript import Child, Plan, StepHeading, Text, ToolCall, Transcript, advance


def fold(*events: AgentEvent) -> Transcript:
    return reduce(advance, events, Transcript())


def born(task: str, *, parent: str = "main", background: bool = False) -> SubagentStart:
    return SubagentStart(
        task_id=task,
        session_id=f"subagent-{task}",
        agent="explore",
        description="find the callers",
        parent_session_id=parent,
        background=background,
    )


def over(task: str, output: str = "", *, success: bool = True) -> SubagentEnd:
    return SubagentEnd(
        task_id=task,
        session_id=f"subagent-{task}",
        agent="explore",
        output=output,
        success=success,
    )


def said(text: str) -> TextDelta:
    return TextDelta(text=text)


def ran(tool_id: str) -> list[AgentEvent]:
    end = ToolEnd(tool_id=tool_id, tool_name="ls", tool_output="a.py", exit_code=0)
    return [ToolStart(tool_id=tool_id, tool_name="ls", args={"path": "."}), end]


def ended(text: str = "", *, cancelled: bool = False) -> End:
    return End(text=text, total_tokens=0, usage=TokenUsage(), cancelled=cancelled)


def texts(view: Transcript) -> list[str]:
    return [str(part.content) for part in view.segments if isinstance(part, Text)]


def test_what_a_child_says_and_does_is_its_own() -> None:
    view = fold(
        said("I ask."),
        ToolStart(tool_id="c1", tool_name="task", args={"agent": "explore"}),
        born("t1"),
        ReasoningDelta(text="hm"),
        said("Looking."),
        *ran("t1/x"),
        said("Found it."),
        over("t1", "Found it."),
        ToolEnd(tool_id="c1", tool_name="task", tool_output="Found it.", exit_code=0),
        said("The child found it."),
    )

    (child,) = view.children
    assert texts(child.view) == ["Looking.", "Found it."]
    assert [part.tool_id for part in child.view.segments if isinstance(part, ToolCall)] == ["t1/x"]
    assert child.view.outcome == "done"
    assert texts(view) == ["I ask.", "The child found it."]
    assert [part.tool_id for part in view.segments if isinstance(part, ToolCall)] == ["c1"]


def test_a_child_in_the_background_leaves_the_text_to_the_answer() -> None:
    view = fold(born("t1", background=True), said("Mine."), *ran("t1/x"), over("t1", "Its."))

    (child,) = view.children
    assert texts(view) == ["Mine."]
    assert texts(child.view) == ["Its."]
    assert child.view.tool("t1/x") is not None


def test_children_side_by_side_show_what_they_say_at_their_end() -> None:
    """Deltas of old records carry no id: two answers would run into each other."""
    view = fold(born("a"), born("b"), said("A"), said("B"), *ran("b/x"), over("a", "A!"))
    assert texts(view) == []
    view = reduce(advance, [said("more of b"), over("b", "B!")], view)

    first, second = view.children
    assert texts(first.view) == ["A!"]
    assert texts(second.view) == ["more of b", "B!"]
    assert second.view.tool("b/x") is not None


def test_words_with_a_speaker_stand_in_the_speakers_card() -> None:
    view = fold(
        born("a"),
        born("b"),
        TextDelta(text="One ", task_id="a"),
        TextDelta(text="Two ", task_id="b"),
        born("c", parent="subagent-b"),
        TextDelta(text="Three", task_id="c"),
        TextDelta(text="half.", task_id="a"),
        TextDelta(text="halves.", task_id="b"),
        TextDelta(text="lost", task_id="nobody"),
        over("a", "One half."),
        over("c", "Three"),
        over("b", "halves."),
    )

    first, second = view.children
    assert texts(view) == []
    assert texts(first.view) == ["One half."]
    assert texts(second.view) == ["Two ", "halves."]
    assert texts(second.view.children[0].view) == ["Three"]


def test_a_childs_child_is_inside_of_it_and_its_questions_are_found() -> None:
    asks = ConfirmationRequired(tool_id="a/b/x", tool_name="bash", args={"command": "ls"})
    view = fold(
        born("a"),
        born("b", parent="subagent-a"),
        SubagentProgress(task_id="b", session_id="subagent-b", status="turn 1"),
        said("Deep."),
        asks,
    )

    (outer,) = view.children
    (inner,) = outer.view.children
    assert (inner.status, texts(inner.view)) == ("turn 1", ["Deep."])
    assert [call.tool_id for call in view.questions] == ["a/b/x"]

    (outer,) = advance(view, ended(cancelled=True)).children
    assert outer.view.outcome == "cancelled"
    assert outer.view.children[0].view.outcome == "cancelled"
    assert advance(view, ended(cancelled=True)).questions == ()


def test_a_failed_child_says_why() -> None:
    (child,) = fold(born("t1"), over("t1", "no <b>route</b>", success=False)).children

    assert child.view.outcome == "failed"
    assert "✗ explore" in segment_text(child)
    assert "no <b>route</b>" in segment_text(child)
    assert "<b>route</b>" not in segment_markdown(child)


def test_events_of_a_child_that_nobody_announced_change_nothing() -> None:
    view = fold(said("a"))

    assert advance(view, over("unknown", "x")) is view


def step(number: int, id: str = "") -> StepStart:
    return StepStart(
        step_id=id or f"s{number}",
        description=f"do {number}",
        step_number=number,
        total_steps=3,
        step=f"do {number}",
        index=number - 1,
    )


def done(number: int, *, success: bool = True) -> StepEnd:
    return StepEnd(
        step_id=f"s{number}",
        status="completed" if success else "failed",
        step_number=number,
        total_steps=3,
        step="",
        index=number - 1,
        success=success,
    )


PLAN = PlanReady(
    steps=tuple({"id": f"s{n}", "content": f"do *{n}*", "status": "pending"} for n in (1, 2, 3)),
    wave_count=2,
)


def test_a_plan_follows_its_steps() -> None:
    view = fold(PlanningStart(prompt="p"), Start(prompt="p"))
    assert activity(view) == "making a plan"

    view = reduce(advance, [PLAN, step(1), said("One.")], view)
    assert activity(view) == "step 1 of 3"
    view = reduce(advance, [done(1), step(2), step(3), said("Two."), done(2), said("Three.")], view)

    assert view.plan is not None
    assert [part.state for part in view.plan.steps] == ["completed", "completed", "in_progress"]
    assert texts(view) == ["One.", "Two.", "Three."]
    headings = [part.numbers for part in view.segments if isinstance(part, StepHeading)]
    assert headings == [(1,), (2, 3)]

    view = advance(view, ended("Three.", cancelled=True))
    assert view.plan is not None
    assert view.plan.steps[2].state == "cancelled"
    assert view.text == "Three."


def test_a_plan_stays_as_a_list() -> None:
    view = fold(
        PlanningStart(prompt="p"),
        GoalExtracted(goal={"description": "a <i>goal</i>"}),
        PLAN,
        step(1),
        done(1),
        step(2),
        done(2, success=False),
        GoalUpdated(goal="a <i>goal</i>", status="not_achieved"),
        ended(""),
    )

    markdown = turn_markdown(view, Surroundings())
    assert "**Plan**: 1 of 3 steps" in markdown
    assert "\n1. ✓ do &#42;1&#42;\n2. ✗ do &#42;2&#42; (failed)\n3. ○ do &#42;3&#42;" in markdown
    assert "(not achieved)" in markdown
    assert "<i>" not in markdown


def test_a_plan_that_never_came_leaves_nothing() -> None:
    assert segment_markdown(Plan()) == segment_text(Plan()) == ""


def test_an_unfinished_code_block_ends_with_its_text() -> None:
    """A cancelled answer may stop inside of one, and the status line is no code."""
    assert with_closed_fence("a\n```python\nx = 1\n") == "a\n```python\nx = 1\n```"
    assert with_closed_fence("~~~~\n~~~\n") == "~~~~\n~~~\n~~~~"
    for complete in ("```\nx\n```\n", "```\nx\n```\nmore", "no code", "`a```b`", "- ```\n  x\n"):
        assert with_closed_fence(complete) == complete


def test_the_card_of_a_child_is_folded_html_around_its_markdown() -> None:
    view = fold(born("t1"), said("Some *text*."), over("t1", "Some *text*."))
    (child,) = view.children
    assert isinstance(child, Child)

    markdown = segment_markdown(child)
    assert markdown.startswith("<details><summary>✓ <b>explore</b> find the callers (done)")
    assert "\n\nSome *text*.\n\n" in markdown


def test_the_terminal_tells_plans_and_children_line_by_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    painter = TerminalPainter(with_record=False)
    events = [
        PlanningStart(prompt="p"),
        PLAN,
        step(1),
        said("One."),
        done(1),
        step(2),
        step(3),
        born("t1"),
        *ran("t1/x"),
        over("t1", "Found."),
        said("Three."),
    ]
    view = Transcript()
    for event in [*events, ended("Three.")]:
        view = advance(view, event)
        painter.paint(view, Surroundings())

    assert capsys.readouterr().out.splitlines() == [
        "Plan: 0 of 3 steps",
        "  1. ○ do *1*",
        "  2. ○ do *2*",
        "  3. ○ do *3*",
        "[Step 1 of 3: do 1]",
        "One.",
        "[Steps 2 and 3 of 3, side by side]",
        "● explore: find the callers",
        "✓ explore (done, 1 tool call)",
        "Three.",
    ]
