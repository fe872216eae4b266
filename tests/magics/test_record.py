"""The record and the static form of a turn."""

from __future__ import annotations

import json
from functools import reduce

from a3s_code import (
    AgentEvent,
    End,
    ErrorEvent,
    ReasoningDelta,
    Start,
    TextDelta,
    TokenUsage,
    ToolEnd,
    ToolOutputDelta,
    ToolStart,
    TurnStart,
    event_from_dict,
)
from a3s_magics.problems import failed_turn
from a3s_magics.record import EventLog, turn_record, without_keys
from a3s_magics.static import turn_markdown, turn_text
from a3s_magics.statusline import Surroundings, status_line
from a3s_magics.transcript import Notice, Transcript, advance

AROUND = Surroundings(model="openai/m", elapsed_s=1.25, cost_usd=0.5)
USAGE = TokenUsage(prompt_tokens=900, completion_tokens=100, total_tokens=1000)
EVENTS: list[AgentEvent] = [
    Start(prompt="p"),
    TurnStart(turn=1),
    ReasoningDelta(text="hm "),
    ReasoningDelta(text="so"),
    TextDelta(text="Look"),
    TextDelta(text="ing."),
    ToolStart(tool_id="1", tool_name="bash", args={"command": "ls"}),
    ToolOutputDelta(tool_id="1", tool_name="bash", text="a"),
    ToolOutputDelta(tool_id="1", tool_name="bash", text="b"),
    ToolEnd(tool_id="1", tool_name="bash", tool_output="ab", exit_code=0, args={"command": "ls"}),
    TextDelta(text="Done."),
    End(text="Done.", total_tokens=1000, usage=USAGE),
]


def record_of(events: list[AgentEvent]) -> dict[str, object]:
    log = EventLog()
    for event in events:
        log.add([event])
    return turn_record(reduce(advance, events, Transcript()), AROUND, log, "p")


def test_the_record_tells_the_turn_and_survives_json() -> None:
    record = json.loads(json.dumps(record_of(EVENTS)))

    assert {key: record[key] for key in ("version", "prompt", "text", "model", "outcome")} == {
        "version": 1,
        "prompt": "p",
        "text": "Done.",
        "model": "openai/m",
        "outcome": "done",
    }
    assert record["usage"]["total_tokens"] == 1000
    assert record["error"] is None


def test_the_event_log_folds_to_the_same_transcript() -> None:
    """Replay reads the log: joined deltas must give what the single ones gave."""
    record = record_of(EVENTS)
    entries = record["events"]
    assert isinstance(entries, list)
    replayed = reduce(advance, map(event_from_dict, entries), Transcript())

    assert replayed == reduce(advance, EVENTS, Transcript())
    assert [entry["type"] for entry in entries].count("text_delta") == 2


def test_a_million_deltas_are_few_entries() -> None:
    log = EventLog()
    log.add(TextDelta(text="x") for _ in range(100_000))

    assert log.entries() == [{"type": "text_delta", "text": "x" * 100_000}]


def test_reading_the_log_does_not_end_it() -> None:
    log = EventLog()
    log.add([TextDelta(text="a")])
    log.entries()
    log.add([TextDelta(text="b")])

    assert log.entries() == [{"type": "text_delta", "text": "ab"}]


def test_keys_are_removed_wherever_they_were_repeated() -> None:
    key = "sk-proj-abcdefghijklmnop1234"
    events: list[AgentEvent] = [
        ToolEnd(
            tool_id="1",
            tool_name="bash",
            tool_output=f"OPENAI_API_KEY={key}",
            exit_code=0,
            args={"command": f"curl -H 'Authorization: Bearer {key}'"},
        ),
        ErrorEvent(error=f"Incorrect API key provided: {key}", error_type="ModelRefused"),
    ]

    assert key not in json.dumps(record_of(events))
    assert without_keys(f"key {key}.") == "key [key]."


def test_the_static_form_reads_in_order() -> None:
    view = reduce(advance, EVENTS, Transcript(segments=(Notice("remark", "no key"),)))
    markdown, text = turn_markdown(view, AROUND), turn_text(view, AROUND)

    for form in (markdown, text):
        places = [
            form.index(word) for word in ("no key", "Looking.", "bash", "Done.", "1,000 tokens")
        ]
        assert places == sorted(places)
    assert "<details><summary>Reasoning</summary>" in markdown
    assert text.endswith("[done · openai/m · 1,000 tokens · $0.5000 · 1.2 s]")


def test_a_failure_points_to_the_line_below_and_a_long_one_is_told_in_full() -> None:
    error = ErrorEvent(error="cannot reach http://127.0.0.1:9/<v1>", error_type="ModelUnreachable")
    view = advance(Transcript(), error)

    for form in (turn_markdown(view, AROUND), turn_text(view, AROUND)):
        assert "The turn failed." in form
        assert "127.0.0.1" not in form
    long = ErrorEvent(error=f"begins {'x' * 500} <ends>", error_type="ModelRefused")
    assert "<ends>\n```" in turn_markdown(advance(Transcript(), long), AROUND)
    assert "<ends>" in turn_text(advance(Transcript(), long), AROUND)
    (line,) = failed_turn("ModelRefused", long.error)._render_traceback_()  # type: ignore[attr-defined]
    assert line.startswith("ModelRefused: begins xxx")
    assert line.endswith("x…")


def test_the_status_line_counts_minutes() -> None:
    line = status_line(Transcript(), Surroundings(model="m", elapsed_s=754.0))

    assert line == "waiting for the model · m · 12 min 34 s"
