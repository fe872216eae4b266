"""`A3S_REPLAY=1` in a notebook with several conversations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from a3s_magics.record import MIME
from tests.magics.conftest import bundles
from tests.magics.test_control import said
from tests.magics.test_shell import complaint, run
from tests.model_server import ModelServer, says

Out = pytest.CaptureFixture[str]
CELLS = ("%%a3s\nhello", "%%a3s --session plots\nhello", "%%a3s\nmore", "%%a3s --session main\nbye")


@pytest.fixture
def replayed(
    loaded: InteractiveShell,
    workspace: Path,
    model_server: ModelServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> InteractiveShell:
    """A shell of a notebook whose four cells were run, and are to be shown again."""
    monkeypatch.setenv("A3S_DATA_DIR", str(tmp_path / "data"))
    notebook = workspace / "one.ipynb"
    notebook.write_text("{}")
    monkeypatch.setenv("JPY_SESSION_NAME", str(notebook))
    model_server.script(*(says(f"Answer {number}.") for number in range(len(CELLS))))
    cells = []
    for source in CELLS:
        run(loaded, source)
        output = {"output_type": "display_data", "metadata": {}, "data": bundles(loaded)[-1]}
        cells.append({"cell_type": "code", "source": source, "metadata": {}, "outputs": [output]})
    notebook.write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5}))
    run(loaded, "%reload_ext a3s_magics")
    run(loaded, '%config A3SMagics.ui = "final"')
    monkeypatch.setenv("A3S_REPLAY", "1")
    return loaded


def answer(shell: InteractiveShell) -> str:
    """The answer of the latest turn on screen."""
    return str(bundles(shell)[-1][MIME]["text"])


def conversation(shell: InteractiveShell, capsys: Out) -> list[str]:
    """What `%a3s history` tells, without the numbers."""
    return [line.split(maxsplit=1)[1] for line in said(shell, "%a3s history", capsys).splitlines()]


def test_each_session_is_shown_with_its_own_turns(
    replayed: InteractiveShell, model_server: ModelServer, capsys: Out
) -> None:
    asked = len(model_server.requests)
    shown = []
    for source in CELLS:
        run(replayed, source)
        shown.append(answer(replayed))
    assert shown == [f"Answer {number}." for number in range(4)]
    assert conversation(replayed, capsys) == [
        "user      hello",
        "assistant Answer 0.",
        "user      bye",
        "assistant Answer 3.",
    ]
    lines = said(replayed, "%a3s sessions", capsys).splitlines()
    assert [line.split() for line in lines] == [
        ["*", "main", "replayed-main", "2", "prompts", "hello"],
        ["plots", "replayed-plots", "2", "prompts", "hello"],
    ]
    assert said(replayed, "%a3s resume plots", capsys) == "session: plots, 4 messages"
    assert conversation(replayed, capsys)[-1] == "assistant Answer 2."
    assert "plots replayed-plots" in said(replayed, "%a3s status", capsys)
    assert len(model_server.requests) == asked


def test_equal_prompts_are_told_apart_by_their_session_in_any_order(
    replayed: InteractiveShell,
) -> None:
    run(replayed, CELLS[1])
    assert answer(replayed) == "Answer 1."
    run(replayed, "%%a3s --session main\nhello")
    assert answer(replayed) == "Answer 0."


def test_a_prompt_that_moved_to_another_session_is_loud(
    replayed: InteractiveShell, capsys: Out
) -> None:
    line = complaint(replayed, "%%a3s --session plots\nbye", capsys)
    assert "A3S_REPLAY: the session has changed" in line
    assert "recorded in session main in cell 4 of one.ipynb" in line
    assert "now it is sent in plots" in line


def test_nothing_else_is_resumed_or_saved(replayed: InteractiveShell, capsys: Out) -> None:
    run(replayed, CELLS[0])
    assert "A3S_REPLAY is set" in complaint(replayed, "%a3s resume plots", capsys)
    assert "Nothing was saved: A3S_REPLAY is set" in said(replayed, "%a3s save", capsys)
    assert said(replayed, "%a3s sessions", capsys).split() == [
        *("*", "replayed-main", "1", "prompt", "hello")
    ]


def test_a_new_conversation_begins_anew_here_too(replayed: InteractiveShell, capsys: Out) -> None:
    run(replayed, CELLS[0])
    run(replayed, "%%a3s --new\nbye")
    assert conversation(replayed, capsys) == ["user      bye", "assistant Answer 3."]
    said(replayed, "%a3s reset", capsys)
    assert said(replayed, "%a3s history", capsys) == "The conversation is empty."
