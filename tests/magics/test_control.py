"""`%a3s` about saved sessions, modes and the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.magics.test_shell import complaint, run
from tests.model_server import ModelServer, says

Out = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _own_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HOME", "USERPROFILE", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("A3S_DATA_DIR", str(tmp_path / "data"))


def said(shell: InteractiveShell, line: str, capsys: Out) -> str:
    """What a line prints."""
    capsys.readouterr()
    run(shell, line)
    return capsys.readouterr().out.rstrip("\n")


def test_a_session_is_saved_and_resumed(
    loaded: InteractiveShell, model_server: ModelServer, capsys: Out
) -> None:
    model_server.script(says("one"), says("two"))
    assert said(loaded, "%a3s sessions", capsys) == "There are no saved sessions."
    run(loaded, "%%a3s\nfirst")

    name = said(loaded, "%a3s save", capsys).removeprefix("Saved as ").removesuffix(".")
    assert said(loaded, "%a3s sessions", capsys).startswith(f"* {name}  1 prompt  ")
    # The extension starts anew, as after a restart of the kernel.
    run(loaded, "%reload_ext a3s_magics")
    assert said(loaded, "%a3s sessions", capsys).startswith(f"  {name}  1 prompt  ")
    assert said(loaded, f"%a3s resume {name[:8]}", capsys) == f"session: {name}, 2 messages"
    run(loaded, "%%a3s\nsecond")

    assert "first" in str(model_server.requests[1]["messages"])


@pytest.mark.parametrize(
    ("line", "culprit"),
    [
        ("resume", "missing"),
        ("resume gone", "gone"),
        ("mode", "A3S kernel"),
        ("mode prompt", "A3S kernel"),
        ("reset now", "'now'"),
        ("sessions some", "unexpected 'some'"),
        ("status of it", "'of it'"),
        ("model openai/m extra words", "unexpected 'extra words'"),
        ("resume gone twice", "unexpected 'twice'"),
    ],
)
def test_a_mistake_is_one_line(
    loaded: InteractiveShell, capsys: Out, line: str, culprit: str
) -> None:
    assert culprit in complaint(loaded, f"%a3s {line}", capsys)


def test_the_configuration_is_shown_without_keys(
    loaded: InteractiveShell, workspace: Path, capsys: Out
) -> None:
    config = workspace / "agent.hcl"
    config.write_text(f"{config.read_text()}\nfrobnicate = 3\n")

    printed = said(loaded, "%a3s config", capsys)

    assert "agent.hcl" in printed
    assert "api_key set" in printed
    assert "frobnicate" in printed
    assert "test-key" not in printed


def test_all_commands_are_in_the_help(loaded: InteractiveShell, capsys: Out) -> None:
    from a3s_magics.control import VERBS

    printed = said(loaded, "%a3s --help", capsys)

    assert all(f"\n  {verb}" in printed for verb in VERBS)


def test_every_command_explains_itself_and_does_nothing(
    loaded: InteractiveShell, model_server: ModelServer, capsys: Out
) -> None:
    from a3s_magics.control import VERBS

    for verb in VERBS:
        for wish in ("--help", "-h"):
            printed = said(loaded, f"%a3s {verb} {wish}", capsys)
            assert printed.startswith(f"usage: %a3s {verb}")
            assert printed.endswith(".")
    assert said(loaded, "%a3s btw --help", capsys) == (
        "usage: %a3s btw QUESTION\n\nA side question that the conversation never sees."
    )
    assert loaded.magics_manager.registry["A3SMagics"]._home.started is None
    assert model_server.requests == []


def test_one_message_is_told_as_one(loaded: InteractiveShell, capsys: Out) -> None:
    loaded.magics_manager.registry["A3SMagics"].session().tell("It rains.")

    assert "conversation   1 message\n" in said(loaded, "%a3s status", capsys)
    told = said(loaded, "%a3s reset", capsys)
    assert told == "A new conversation begins; 1 message was forgotten."


def test_models_tools_and_costs_are_listed(
    loaded: InteractiveShell, model_server: ModelServer, capsys: Out
) -> None:
    model_server.script(says("one"))
    run(loaded, "%%a3s\nfirst")

    assert "* openai/m" in said(loaded, "%a3s models", capsys).splitlines()
    tools = said(loaded, "%a3s tools", capsys).splitlines()
    assert any(line.split()[0] == "grep" and len(line.split()) > 2 for line in tools)
    assert said(loaded, "%a3s cost", capsys) == "15 tokens (10 in, 5 out), $0.0000"


def test_a_workspace_that_is_not_there_is_refused_at_once(
    loaded: InteractiveShell, workspace: Path, capsys: Out, caplog: pytest.LogCaptureFixture
) -> None:
    inner = workspace / "inner"
    run(loaded, f"%config A3SMagics.workspace = {str(inner)!r}")
    told = caplog.text + capsys.readouterr().err
    assert f"A3SMagics.workspace: {str(inner)!r} is not an existing folder" in told
    assert f"{workspace.name}" in said(loaded, "%a3s status", capsys)

    inner.mkdir()
    said(loaded, "%a3s reset", capsys)
    run(loaded, f"%config A3SMagics.workspace = {str(inner)!r}")
    assert str(inner) in said(loaded, "%a3s status", capsys)
