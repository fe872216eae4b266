"""Several conversations in one notebook: `%%a3s --session NAME`, `%a3s sessions`, `%a3s resume`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.magics.conftest import bundles
from tests.magics.test_completion import completed
from tests.magics.test_control import said
from tests.magics.test_shell import complaint, run
from tests.model_server import ModelServer, agent_hcl, calls, says

Out = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _own_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("A3S_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def notebook(workspace: Path, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The notebook that the shell belongs to; the model answers whatever it is asked."""
    path = workspace / "one.ipynb"
    path.write_text(json.dumps({"cells": [], "nbformat": 4, "nbformat_minor": 5}))
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    model_server.answer_with(lambda _request: says("Yes."))
    return path


def asked(server: ModelServer) -> list[str]:
    """The prompts of the latest request."""
    return [str(m["content"]) for m in server.requests[-1]["messages"] if m["role"] == "user"]


def listed(shell: InteractiveShell, capsys: Out) -> list[tuple[str, str, str]]:
    """Mark and name, number of prompts and first prompt of each session that is listed."""
    rows = [
        re.split(r" {2,}", line.strip())
        for line in said(shell, "%a3s sessions", capsys).splitlines()
    ]
    return [(name, prompts, first) for name, _id, prompts, *_time, first in rows]


def test_each_name_is_a_conversation_of_its_own_and_outlives_a_restart(
    notebook: Path, loaded: InteractiveShell, model_server: ModelServer, capsys: Out
) -> None:
    run(loaded, "%%a3s\nfirst")
    run(loaded, "%%a3s --session plots\nsecond")
    assert asked(model_server) == ["second"]
    assert "session plots begins" in bundles(loaded)[-1]["text/markdown"]
    run(loaded, "%%a3s\nthird")
    assert asked(model_server) == ["second", "third"]
    assert listed(loaded, capsys) == [
        ("main", "1 prompt", "first"),
        ("* plots", "2 prompts", "second"),
    ]

    run(loaded, "%reload_ext a3s_magics")  # as after a restart of the kernel
    run(loaded, '%config A3SMagics.ui = "final"')
    run(loaded, "%%a3s\nfourth")
    assert asked(model_server) == ["second", "third", "fourth"]
    run(loaded, "%%a3s --session main\nfifth")
    assert asked(model_server) == ["first", "fifth"]
    assert "session main, 2 messages so far" in bundles(loaded)[-1]["text/markdown"]
    assert said(loaded, "%a3s resume plots", capsys) == "session: plots, 6 messages"
    assert "plots" in said(loaded, "%a3s status", capsys)
    assert "6 messages" in said(loaded, "%a3s status", capsys)


def test_a_reset_forgets_only_the_session_in_use(
    notebook: Path, loaded: InteractiveShell, model_server: ModelServer, capsys: Out
) -> None:
    run(loaded, "%%a3s\nfirst")
    run(loaded, "%%a3s --session plots\nsecond")
    said(loaded, "%a3s reset", capsys)
    run(loaded, "%%a3s\nthird")
    assert asked(model_server) == ["third"]
    assert listed(loaded, capsys) == [
        ("main", "1 prompt", "first"),
        ("* plots", "1 prompt", "third"),
    ]
    run(loaded, "%%a3s --session main\nfourth")
    assert asked(model_server) == ["first", "fourth"]


def test_a_renamed_notebook_keeps_its_names(
    notebook: Path,
    loaded: InteractiveShell,
    model_server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(loaded, "%%a3s\nfirst")
    run(loaded, "%%a3s --session plots\nsecond")
    output = {
        "output_type": "display_data",
        "metadata": {},
        "data": bundles(loaded)[-1],
    }
    cell = {"cell_type": "code", "source": "", "metadata": {}, "outputs": [output]}
    moved = notebook.rename(notebook.with_name("two.ipynb"))
    moved.write_text(json.dumps({"cells": [cell], "nbformat": 4, "nbformat_minor": 5}))
    monkeypatch.setenv("JPY_SESSION_NAME", str(moved))
    run(loaded, "%reload_ext a3s_magics")
    run(loaded, '%config A3SMagics.ui = "final"')

    run(loaded, "%%a3s\nthird")
    assert asked(model_server) == ["second", "third"]
    run(loaded, "%%a3s --session main\nfourth")
    assert asked(model_server) == ["first", "fourth"]


def test_without_a_notebook_names_belong_to_the_folder(
    loaded: InteractiveShell, model_server: ModelServer, capsys: Out
) -> None:
    model_server.answer_with(lambda _request: says("Yes."))
    run(loaded, "%%a3s\nfirst")
    run(loaded, "%%a3s --session plots\nsecond")
    run(loaded, "%%a3s --session main\nthird")
    assert asked(model_server) == ["first", "third"]

    run(loaded, "%reload_ext a3s_magics")
    run(loaded, '%config A3SMagics.ui = "final"')
    run(loaded, "%%a3s\nfresh")
    assert asked(model_server) == ["fresh"]
    run(loaded, "%%a3s --session plots\nfourth")
    assert asked(model_server) == ["second", "fourth"]


def test_where_nothing_is_saved_sessions_live_as_long_as_the_kernel(
    notebook: Path, loaded: InteractiveShell, model_server: ModelServer, capsys: Out
) -> None:
    config = notebook.with_name("agent.hcl")
    config.write_text('storage_backend = "memory"\n' + agent_hcl(model_server))
    run(loaded, "%%a3s\nfirst")
    run(loaded, "%%a3s --session plots\nsecond")
    run(loaded, "%%a3s --session main\nthird")
    assert asked(model_server) == ["first", "third"]
    assert sorted(listed(loaded, capsys)) == [
        ("* main", "2 prompts", "first"),
        ("plots", "1 prompt", "second"),
    ]
    run(loaded, "%%a3s --session plots\nfourth")
    assert asked(model_server) == ["second", "fourth"]


def test_names_are_completed(notebook: Path, loaded: InteractiveShell) -> None:
    run(loaded, "%%a3s --session plots\nfirst")
    run(loaded, "%%a3s --session tables\nsecond")

    assert completed(loaded, "%%a3s --session ") == [
        f"%%a3s --session {name}" for name in ("main", "plots", "tables")
    ]
    assert "%a3s resume plots" in completed(loaded, "%a3s resume p")


@pytest.mark.parametrize("name", ["a/b", "-x", "..", "x" * 65, "'two words'"])
def test_a_name_that_cannot_be_one(loaded: InteractiveShell, capsys: Out, name: str) -> None:
    line = f"%%a3s --session={name}\nhello"
    assert "cannot be a name" in complaint(loaded, line, capsys)


@pytest.mark.parametrize(
    ("setting", "line", "planned"),
    [
        (False, "%%a3s", False),
        (False, "%%a3s --plan", True),
        (True, "%%a3s", True),
        (True, "%%a3s --no-plan", False),
    ],
)
def test_a_prompt_is_planned_on_request(
    loaded: InteractiveShell, model_server: ModelServer, setting: bool, line: str, planned: bool
) -> None:
    plan: dict[str, Any] = {
        "goal": "know",
        "complexity": "Simple",
        "steps": [{"id": "s1", "content": "Look around", "dependencies": []}],
    }
    if planned:
        model_server.script(says(json.dumps(plan)), calls("ls"), says("Done."))
    else:
        model_server.script(calls("ls"), says("Done."))
    run(loaded, f"%config A3SMagics.plan = {setting}")
    run(loaded, f"{line}\nlook")

    shown = bundles(loaded)[-1]["text/markdown"]
    assert ("**Plan**: 1 of 1 steps" in shown) is planned
    assert ("Look around" in shown) is planned


def test_what_resume_has_printed_is_not_said_again(
    notebook: Path, loaded: InteractiveShell, capsys: Out
) -> None:
    run(loaded, "%%a3s\nfirst")
    run(loaded, "%%a3s --session second\nhello")

    assert said(loaded, "%a3s resume main", capsys) == "session: main, 2 messages"
    assert said(loaded, "%a3s resume second", capsys) == "session: second, 2 messages"
    run(loaded, "%%a3s\nthere")

    assert "messages" not in bundles(loaded)[-1]["text/markdown"]


def test_what_was_not_said_of_a_session_no_longer_in_use_is_dropped(
    notebook: Path, loaded: InteractiveShell
) -> None:
    run(loaded, "%%a3s --session second\nhello")
    registry = loaded.magics_manager.registry["A3SMagics"]
    home, settings = registry._get_home(), registry._settings()
    home.change(settings, "third")
    home.change(settings, "second")

    assert home.take_remarks() == ["session second, 2 messages so far"]
    assert home.take_remarks() == []
