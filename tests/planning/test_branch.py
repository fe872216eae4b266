"""Texts of parallel steps do not run into each other."""

from __future__ import annotations

import asyncio
import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from a3s_code.events import AgentEvent, ReasoningDelta, TextDelta, ToolStart, TurnStart
from a3s_code.planning.branch import BranchEvents


def passed(batches: list[list[AgentEvent]]) -> list[AgentEvent]:
    out: list[AgentEvent] = []

    async def feed() -> None:
        async def emit(events: list[AgentEvent]) -> None:
            out.extend(events)

        branch = BranchEvents(emit)
        for batch in batches:
            await branch(batch)
        await branch.close()
        await branch.close()

    asyncio.run(feed())
    return out


def test_text_comes_out_in_one_piece_before_what_follows_it() -> None:
    tool = ToolStart(tool_id="1", tool_name="read")
    assert passed([[TextDelta(text="a")], [TextDelta(text="b"), tool], [TextDelta(text="c")]]) == [
        TextDelta(text="ab"),
        tool,
        TextDelta(text="c"),
    ]


def test_other_events_pass_at_once() -> None:
    """A question to the person must not wait for the end of a step."""
    seen: list[AgentEvent] = []

    async def feed() -> None:
        async def emit(events: list[AgentEvent]) -> None:
            seen.extend(events)

        branch = BranchEvents(emit)
        await branch([TextDelta(text="a")])
        assert seen == []
        await branch([TurnStart(turn=1)])

    asyncio.run(feed())
    assert seen == [TextDelta(text="a"), TurnStart(turn=1)]


events = st.one_of(
    st.builds(TextDelta, text=st.text(max_size=3)),
    st.builds(ReasoningDelta, text=st.text(max_size=3)),
    st.builds(TurnStart, turn=st.integers(1, 3)),
)


def joined(stream: list[AgentEvent]) -> list[tuple[str, object]]:
    """Neighbouring deltas of one kind taken together."""
    found: list[tuple[str, object]] = []
    for kind, group in itertools.groupby(stream, key=lambda event: event.event_type):
        if kind == "turn_start":
            found += [(kind, event.turn) for event in group]
        elif text := "".join(event.text for event in group):
            found.append((kind, text))
    return found


@settings(deadline=None)
@given(st.lists(st.lists(events, max_size=4), max_size=5))
def test_nothing_is_lost_or_reordered(batches: list[list[AgentEvent]]) -> None:
    given_ = [event for batch in batches for event in batch if event.text != ""]
    assert joined(passed(batches)) == joined(given_)
