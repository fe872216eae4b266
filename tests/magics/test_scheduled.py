"""Scheduled prompts in a notebook: sent after a turn, each shown as a turn of its own."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from a3s_magics import current_session
from a3s_magics.record import MIME
from tests.deadlines import DEADLINE_S
from tests.magics.conftest import bundles
from tests.magics.test_shell import run
from tests.model_server import ModelServer, says, status, wait
from tests.session.test_scheduled import wait_until_due


def loop(shell: InteractiveShell, prompt: str) -> None:
    """Schedule a prompt, and wait until it is due."""
    run(shell, f"%a3s /loop 1s {prompt}")
    wait_until_due(current_session())


def prompts_on_screen(shell: InteractiveShell) -> list[str]:
    """The prompts of the turns that were shown."""
    return [bundle[MIME]["prompt"] for bundle in bundles(shell) if MIME in bundle]


def test_what_is_due_is_shown_below_the_turn_of_the_cell(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    model_server.script(says("Hello."), says("Pong."))
    loop(loaded, "ping")

    run(loaded, "%%a3s --out answer\nhi")
    assert loaded.user_ns["answer"].text == "Hello."

    assert prompts_on_screen(loaded) == ["hi", "ping"]
    (own, later) = bundles(loaded)[-2:]
    assert "Scheduled: ping" in later["text/markdown"]
    assert ("scheduled" in own[MIME], later[MIME]["scheduled"]) == (False, True)
    assert [message["role"] for message in model_server.requests[1]["messages"]][-3:] == [
        "user",
        "assistant",
        "user",
    ]
    (task,) = current_session().list_scheduled_tasks()
    assert task["fire_count"] == 1


def test_commands_and_side_questions_send_nothing_that_is_due(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    model_server.script(says("Aside."))
    loop(loaded, "ping")

    run(loaded, "%%a3s\n/cost")
    run(loaded, "%%a3s --btw\nby the way")

    assert len(model_server.requests) == 1
    assert "ping" not in prompts_on_screen(loaded)


def test_a_scheduled_prompt_that_fails_is_on_screen_and_the_cell_is_fine(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    model_server.script(says("Hello."), status(401))
    loop(loaded, "ping")

    run(loaded, "%%a3s --out answer\nhi")
    assert loaded.user_ns["answer"].text == "Hello."

    assert bundles(loaded)[-1][MIME]["outcome"] == "failed"


def test_a_scheduled_prompt_that_is_cancelled_leaves_the_cells_own_result(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    """The cell ends with the error, so that Run All stops; its own answer was good."""
    model_server.script(says("Hello."), says("half", wait(), " never"))
    loop(loaded, "ping")
    session = current_session()

    def cancel() -> None:
        model_server.wait_for_requests(2)
        session.cancel()

    other = threading.Thread(target=cancel)
    other.start()
    ended = loaded.run_cell("%%a3s --out answer\nhi", store_history=True)
    other.join(DEADLINE_S)

    assert type(ended.error_in_exec).__name__ == "TurnCancelled"
    assert loaded.user_ns["answer"].text == "Hello."
    assert loaded.user_ns["_"].text == "Hello."


def test_replay_shows_them_again(
    loaded: InteractiveShell,
    workspace: Path,
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model_server.script(says("Hello."), says("Pong."))
    loop(loaded, "ping")
    run(loaded, "%%a3s\nhi")
    recorded = bundles(loaded)[-2:]
    outputs = [
        {"output_type": "display_data", "metadata": {}, "data": bundle} for bundle in recorded
    ]
    cell = {"cell_type": "code", "source": "%%a3s\nhi", "metadata": {}, "outputs": outputs}
    notebook = {"cells": [cell], "nbformat": 4, "nbformat_minor": 5}
    (workspace / "one.ipynb").write_text(json.dumps(notebook))

    monkeypatch.setenv("A3S_REPLAY", "1")
    run(loaded, "%%a3s --out answer\nhi")
    assert loaded.user_ns["answer"].text == "Hello."

    assert bundles(loaded)[-2:] == recorded
    assert len(model_server.requests) == 2
