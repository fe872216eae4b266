"""Which steps run next, on which conversation, and what remains of them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from a3s_code.errors import ExecutionError
from a3s_code.messages import Message, TextBlock
from a3s_code.planning.plan import ExecutionPlan
from a3s_code.planning.waves import PlanFinished, PlanRun, RunWave, StepCall, StepOutcome
from a3s_code.results import TokenUsage
from tests.planning.plans import plan, steps

REQUEST = Message.user("ship it, please")
EARLIER = (Message.user("hello"), Message("assistant", (TextBlock("hi"),)))


def started(of: ExecutionPlan, before: tuple[Message, ...] = ()) -> tuple[PlanRun, RunWave]:
    run = PlanRun(of, before, REQUEST)
    wave = run.begin()
    assert isinstance(wave, RunWave)
    return run, wave


def did(call: StepCall, text: str = "", tokens: int = 0) -> StepOutcome:
    """A step that answered at once."""
    text = text or f"did {call.step.id}"
    answer = Message("assistant", (TextBlock(text),))
    return StepOutcome(
        text=text,
        messages=[*call.history, call.prompt, answer],
        usage=TokenUsage(total_tokens=tokens),
        tool_calls=1,
    )


def failed(call: StepCall, problem: str = "no luck") -> StepOutcome:
    return StepOutcome(text="", messages=call.history, error=ExecutionError(problem))


def texts(messages: object) -> list[str]:
    assert isinstance(messages, list | tuple)
    return [message.text for message in messages]


def after(run: PlanRun, *ended: tuple[StepCall, StepOutcome]) -> RunWave | PlanFinished:
    for call, outcome in ended:
        run.on_step(call, outcome)
    return run.next()


def test_request_and_plan_come_first() -> None:
    run, _ = started(plan("a", "b<a"), EARLIER)
    assert texts(run.messages) == [
        "hello",
        "hi",
        "ship it, please",
        "Goal: ship it\n\nPlan:\n1. do a\n2. do b",
    ]


def test_a_wave_of_one_runs_on_the_shared_conversation() -> None:
    run, wave = started(plan("a", "b<a"), EARLIER)
    (a,) = wave.calls
    assert (a.number, a.total, a.parallel) == (1, 2, False)
    assert a.prompt.text == "Carry out step 1 of 2: do a"
    assert list(a.history) == run.messages

    following = after(run, (a, did(a)))
    assert isinstance(following, RunWave)
    (b,) = following.calls
    assert (b.number, b.prompt.text) == (2, "Carry out step 2 of 2: do b")
    assert texts(b.history)[4:] == ["Carry out step 1 of 2: do a", "did a"]

    assert after(run, (b, did(b))) == PlanFinished("did b", complete=True)
    assert texts(run.history())[-1] == "did b"
    assert (run.error, run.tool_calls) == (None, 2)


def test_a_step_prompt_tells_tool_and_criteria() -> None:
    of = plan("a")
    of.steps[0] = replace(of.steps[0], tool="bash", success_criteria="tests pass")
    _, wave = started(of)
    assert wave.calls[0].prompt.text == (
        "Carry out step 1 of 1: do a\nSuggested tool: bash\nDone when: tests pass"
    )


def test_several_ready_steps_run_on_copies_and_leave_one_summary_in_step_order() -> None:
    run, wave = started(plan("a", "b", "c", "d<a,b,c"))
    a, b, c = wave.calls
    assert [call.number for call in wave.calls] == [1, 2, 3]
    assert all(call.parallel and call.history == a.history for call in wave.calls)

    following = after(run, (c, did(c)), (a, did(a)), (b, did(b)))
    assert isinstance(following, RunWave)
    (d,) = following.calls
    assert len(d.history) == len(a.history) + 1  # not the branches' own messages
    summary = d.history[-1]
    assert summary.role == "user"
    assert summary.text == (
        "Results of the steps that ran in parallel:\n\n"
        "### Step 1: do a (completed)\n\ndid a\n\n"
        "### Step 2: do b (completed)\n\ndid b\n\n"
        "### Step 3: do c (completed)\n\ndid c"
    )


def test_the_results_of_a_last_parallel_wave_are_the_text() -> None:
    run, wave = started(plan("a", "b"))
    end = after(run, *((call, did(call)) for call in wave.calls))
    assert end == PlanFinished(
        "### Step 1: do a (completed)\n\ndid a\n\n### Step 2: do b (completed)\n\ndid b", True
    )


def test_usage_and_tool_calls_are_summed() -> None:
    run, wave = started(plan("a", "b", "c<a"))
    a, b = wave.calls
    following = after(run, (a, did(a, tokens=5)), (b, did(b, tokens=7)))
    assert isinstance(following, RunWave)
    after(run, (following.calls[0], did(following.calls[0], tokens=11)))
    assert (run.usage.total_tokens, run.tool_calls) == (23, 3)


def test_after_a_failed_step_the_others_go_on_but_never_its_dependents() -> None:
    run, wave = started(plan("a", "b", "c<a", "d<b"))
    a, b = wave.calls
    following = after(run, (a, failed(a)), (b, did(b)))
    assert isinstance(following, RunWave)
    assert [call.step.id for call in following.calls] == ["d"]
    assert "### Step 1: do a (failed)\n\nFailed: no luck" in run.messages[-1].text

    end = after(run, (following.calls[0], did(following.calls[0])))
    assert end == PlanFinished("did d", complete=False)
    assert run.plan.has_deadlock()
    assert [str(step.status) for step in run.plan.steps] == [
        "failed",
        "completed",
        "pending",
        "completed",
    ]
    assert run.error is None  # there is a result


def test_a_step_that_fails_without_a_word_leaves_the_text_of_the_one_before() -> None:
    run, wave = started(plan("a", "b<a"))
    following = after(run, (wave.calls[0], did(wave.calls[0])))
    assert isinstance(following, RunWave)
    (b,) = following.calls
    assert after(run, (b, failed(b))) == PlanFinished("did a", complete=False)
    assert run.history() == list(b.history)


def test_when_nothing_was_completed_the_first_failure_is_the_error() -> None:
    run, wave = started(plan("a", "b<a"), EARLIER)
    (a,) = wave.calls
    assert after(run, (a, failed(a, "wrong key"))) == PlanFinished("", complete=False)
    assert run.error is not None
    assert run.error.problem == "wrong key"
    assert run.history() == list(EARLIER)


def test_the_completed_rounds_of_a_failed_step_stay() -> None:
    run, wave = started(plan("a"), EARLIER)
    (a,) = wave.calls
    rounds = [*a.history, a.prompt, Message("assistant", (TextBlock("looking"),))]
    error = ExecutionError("broke off", text="look")
    after(run, (a, StepOutcome(text="look", messages=rounds, error=error)))
    assert run.error is error
    assert run.history() == rounds


def test_cancel_keeps_what_a_single_step_had_done() -> None:
    run, wave = started(plan("a", "b<a"))
    (a,) = wave.calls
    assert run.on_cancel({"a": did(a, "half")}) == PlanFinished("half", complete=False)
    assert texts(run.history())[-2:] == ["Carry out step 1 of 2: do a", "half"]
    assert [str(step.status) for step in run.plan.steps] == ["cancelled", "pending"]


def test_cancel_before_a_step_said_anything_leaves_request_and_plan() -> None:
    run, _ = started(plan("a"))
    run.on_cancel({})
    assert run.history() == run.messages
    assert len(run.messages) == 2


def test_cancel_keeps_what_parallel_steps_had_done() -> None:
    run, wave = started(plan("a", "b", "c", "d<a"))
    a, b, _ = wave.calls
    run.on_step(a, did(a))
    assert [call.step.id for call in run.in_progress()] == ["b", "c"]
    run.on_cancel({"b": did(b, "half of b")})
    summary = run.history()[-1].text
    assert "### Step 1: do a (completed)\n\ndid a" in summary
    assert "### Step 2: do b (cancelled)\n\nhalf of b" in summary
    assert "### Step 3: do c (cancelled)\n\nIt was cancelled" in summary
    assert run.tool_calls == 2


def test_cancel_after_the_end_changes_nothing() -> None:
    run, wave = started(plan("a"))
    after(run, (wave.calls[0], did(wave.calls[0])))
    kept = run.history()
    assert run.on_cancel({}).text == "did a"
    assert run.history() == kept


@settings(deadline=None)
@given(st.data())
def test_any_plan_ends_and_every_step_runs_at_most_once(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 7))
    ids = [f"s{number}" for number in range(count)]
    of = ExecutionPlan(
        goal="g",
        steps=steps(
            *(
                f"{id_}<{','.join(data.draw(st.lists(st.sampled_from(ids), max_size=3)))}"
                for id_ in ids
            )
        ),
    )
    run = PlanRun(of, EARLIER, REQUEST)
    step, ran, tool_calls = run.begin(), set[str](), 0
    while isinstance(step, RunWave):
        for call in data.draw(st.permutations(step.calls)):
            assert call.step.id not in ran
            assert all(of.step(id_).status == "completed" for id_ in call.step.dependencies)
            ran.add(call.step.id)
            outcome = did(call) if data.draw(st.booleans()) else failed(call)
            tool_calls += outcome.tool_calls
            run.on_step(call, outcome)
        step = run.next()
        assert run.messages[: len(EARLIER)] == list(EARLIER)
    assert step.complete == (of.progress() == 1.0)
    assert of.has_deadlock() == (of.pending_count() > 0)
    assert run.tool_calls == tool_calls == of.completed_count()
