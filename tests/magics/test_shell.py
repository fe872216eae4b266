"""The magics in a real IPython shell: what they send, show, return and complain about."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from a3s_magics import current_session
from tests.magics.conftest import ROOT, bundles
from tests.magics.kernel import RECORD
from tests.model_server import ModelServer, calls, says, status

UNSET_VARIABLE = """\
default_model = "o/m"
providers {
  name    = "o"
  api_key = env("A3S_TEST_UNSET")
  models {
    id = "m"
  }
}
"""
HEAVY = {
    "a3s_code.agent",
    "a3s_code.session",
    "hcl2",
    "httpx",
    "ipywidgets",
    "lark",
    "markdown_it",
    "xllamacpp",
}


def run(shell: InteractiveShell, code: str) -> Any:
    """The value of a cell; its error is raised."""
    result = shell.run_cell(code, store_history=True)
    result.raise_error()
    return result.result


def complaint(shell: InteractiveShell, code: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a cell which is refused prints."""
    capsys.readouterr()
    result = shell.run_cell(code)
    assert type(result.error_in_exec).__name__ == "UsageError"
    printed = capsys.readouterr()
    text = (printed.err + printed.out).strip()
    assert text.startswith("UsageError: ")
    assert "\n" not in text
    return text


# -- loading ---------------------------------------------------------------------------------------


def test_loading_imports_nothing_heavy() -> None:
    code = (
        "import sys; from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance(); shell.history_manager.enabled = False\n"
        "before = set(sys.modules); shell.run_line_magic('load_ext', 'a3s_magics')\n"
        f"print(sorted((set(sys.modules) - before) & {HEAVY!r}))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'magics'}", "PATH": "", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.strip().endswith("[]"), ran.stdout + ran.stderr


def test_unloading_leaves_nothing_behind(shell: InteractiveShell) -> None:
    def state() -> tuple[object, ...]:
        magics = shell.magics_manager.magics
        return (
            set(magics["line"]),
            set(magics["cell"]),
            "A3SMagics" in shell.magics_manager.registry,
            [type(known).__name__ for known in shell.configurables].count("A3SMagics"),
            list(shell.input_transformers_cleanup),
            list(shell.Completer.custom_matchers),
            {name: list(called) for name, called in shell.events.callbacks.items()},
            set(shell.user_ns),
        )

    before = state()
    for _ in range(2):
        shell.run_line_magic("load_ext", "a3s_magics")
        assert state() != before
        shell.run_line_magic("reload_ext", "a3s_magics")
        shell.run_line_magic("unload_ext", "a3s_magics")
        assert state() == before


def test_settings_are_traitlets(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    run(loaded, "%config A3SMagics")

    assert "A3SMagics.model" in capsys.readouterr().out


# -- prompts ---------------------------------------------------------------------------------------


def test_a_cell_is_sent_verbatim_and_shown(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    prompt = "Braces {x} {{y}}, $HOME, 'quotes\" and\n    indentation  "
    model_server.script(says("An **answer**."))
    loaded.user_ns["x"] = 5

    run(loaded, f"%%a3s\n{prompt}\n")

    assert model_server.requests[0]["messages"][-1] == {"role": "user", "content": prompt}
    (bundle,) = bundles(loaded)
    assert bundle["text/markdown"].startswith("An **answer**.\n\n<sub>done · openai/m · 15 tokens")
    assert bundle["text/plain"].startswith("An **answer**.\n\n[done")
    assert bundle[RECORD]["prompt"] == prompt
    assert str(loaded.user_ns["_"]) == "An **answer**."
    assert loaded.user_ns["_"].usage.total_tokens == 15


def test_the_conversation_goes_on_until_it_is_reset(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    model_server.script(says("one"), says("two"), says("three"), says("four"))
    run(loaded, "%%a3s\nfirst")
    run(loaded, "%%a3s\nsecond")
    run(loaded, "%%a3s --new\nthird")
    run(loaded, "%a3s reset")
    run(loaded, "%%a3s\nfourth")

    told = [
        [m["content"] for m in request["messages"] if m["role"] != "system"]
        for request in model_server.requests
    ]
    assert told == [["first"], ["first", "one", "second"], ["third"], ["fourth"]]


def test_a_headless_run_denies_what_asks_and_says_so(
    loaded: InteractiveShell, model_server: ModelServer, workspace: Path
) -> None:
    model_server.script(calls("write", file_path="a.txt", content="x"), says("I could not."))

    run(loaded, "%%a3s\nwrite a file")

    assert not (workspace / "a.txt").exists()
    assert "nobody can be asked" in model_server.requests[1]["messages"][-1]["content"]
    (bundle,) = bundles(loaded)
    assert "denied: nobody can be asked" in bundle["text/markdown"]


def test_yes_allows_the_turn_and_no_other(
    loaded: InteractiveShell, model_server: ModelServer, workspace: Path
) -> None:
    write = calls("write", file_path="a.txt", content="x")
    model_server.script(write, says("Done."), write, says("No."))

    run(loaded, "%%a3s --yes\nwrite a file")
    assert (workspace / "a.txt").read_text() == "x"
    (workspace / "a.txt").unlink()
    run(loaded, "%%a3s\nwrite it again")
    assert not (workspace / "a.txt").exists()


def test_tools_that_only_read_do_not_ask(
    loaded: InteractiveShell, model_server: ModelServer, workspace: Path
) -> None:
    (workspace / "a.txt").write_text("hello\n")
    model_server.script(calls("read", file_path="a.txt"), says("It says hello."))

    run(loaded, "%%a3s\nread it")

    assert "hello" in model_server.requests[1]["messages"][-1]["content"]


def test_help_sends_nothing(
    loaded: InteractiveShell, model_server: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    run(loaded, "%%a3s --help")
    assert "--model" in capsys.readouterr().out
    run(loaded, "%%a3s --help\nsome prompt")
    assert "--model" in capsys.readouterr().out
    run(loaded, "%a3s --help")
    assert "status" in capsys.readouterr().out
    run(loaded, "%a3s_grep --help")
    assert "pattern" in capsys.readouterr().out.lower()
    assert model_server.requests == []


# -- mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "culprit"),
    [
        ("%%a3s\n   ", "empty"),
        ("%%a3s", "empty"),
        ("%%a3s --bogus\nhi", "--bogus"),
        ("%%a3s 'open\nhi", "quotation mark"),
        ("%%a3s --model openai/gone\nhi", "gone"),
        ("%%a3s --model nonsense\nhi", "nonsense"),
        ("%%a3s --ui pictures\nhi", "pictures"),
        ("%a3s frobnicate", "frobnicate"),
        ("%a3s model openai/gone", "gone"),
        ("%a3s btw", "question"),
        ("%a3s_read gone.txt", "gone.txt"),
        ("%a3s_read", "FILE_PATH"),
        ("%a3s_bash", "command"),
        ("%a3s_grep '(' ", "("),
    ],
)
def test_a_mistake_is_one_line_and_the_next_cell_works(
    loaded: InteractiveShell,
    model_server: ModelServer,
    capsys: pytest.CaptureFixture[str],
    code: str,
    culprit: str,
) -> None:
    assert culprit in complaint(loaded, code, capsys)
    assert model_server.requests == []

    model_server.script(says("fine"))
    run(loaded, "%%a3s\nhi")
    assert bundles(loaded)[-1][RECORD]["text"] == "fine"


@pytest.mark.parametrize(
    ("text", "culprit"),
    [
        ("default_model = ", "agent.hcl:1"),
        ('default_model = "openai/m"\n', "openai"),
        (UNSET_VARIABLE, "A3S_TEST_UNSET"),
    ],
)
def test_a_bad_configuration_is_one_line_and_can_be_mended(
    loaded: InteractiveShell,
    model_server: ModelServer,
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    culprit: str,
) -> None:
    good = (workspace / "agent.hcl").read_text()
    (workspace / "agent.hcl").write_text(text)
    assert culprit in complaint(loaded, "%%a3s\nhi", capsys)

    (workspace / "agent.hcl").write_text(good)
    model_server.script(says("fine"))
    run(loaded, "%%a3s\nhi")
    assert bundles(loaded)[-1][RECORD]["text"] == "fine"


def test_a_workspace_that_does_not_exist_is_named(
    loaded: InteractiveShell, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "gone" / "away").mkdir(parents=True)
    run(loaded, '%config A3SMagics.workspace = "gone/away"')
    (workspace / "gone" / "away").rmdir()

    assert "gone/away" in complaint(loaded, "%%a3s\nhi", capsys).replace("\\", "/")


def test_an_unreachable_server_is_named_once_and_the_session_stays(
    loaded: InteractiveShell, model_server: ModelServer, workspace: Path
) -> None:
    model_server.close()

    ran = loaded.run_cell("%%a3s\nhi")

    assert type(ran.error_in_exec).__name__ == "ModelUnreachable"
    (bundle,) = bundles(loaded)
    assert "The turn failed" in bundle["text/markdown"]
    told = [*ran.error_in_exec._render_traceback_(), *map(str, bundle.values())]  # type: ignore[union-attr]
    assert sum(model_server.url in text for text in told) == 2  # the line, and the record
    assert bundle[RECORD]["error"]["type"] == "ModelUnreachable"
    run(loaded, "%a3s status")


def test_a_refused_request_ends_the_cell_with_one_line(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    model_server.script(status(401))

    error = loaded.run_cell("%%a3s\nhi").error_in_exec

    assert type(error).__name__ == "ModelRefused"
    lines = error._render_traceback_()  # type: ignore[union-attr]  # what IPython asks for
    assert len(lines) == 1
    assert "scripted status 401" in lines[0]


# -- control and tools -----------------------------------------------------------------------------


def test_status_tells_model_workspace_and_tokens(
    loaded: InteractiveShell,
    model_server: ModelServer,
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model_server.script(says("hi"))
    run(loaded, "%%a3s\nhi")
    run(loaded, "%a3s status")

    printed = capsys.readouterr().out
    for fact in ("openai/m", str(workspace), "15", "2 messages", "agent.hcl"):
        assert fact in printed


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("model", "openai/m"),
        ("model openai/m", "model: openai/m"),
        ("models", "* openai/m"),
        ("tools", "bash"),
        ("history", "empty"),
        ("cost", "0 tokens"),
        ("cancel", "Nothing is running"),
        ("config", "agent.hcl"),
        ("reset", "new conversation"),
        ("doctor", "openai/m"),
    ],
)
def test_control_commands(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str], command: str, expected: str
) -> None:
    run(loaded, f"%a3s {command}")

    assert expected in capsys.readouterr().out


def test_a_side_question_is_answered_and_forgotten(
    loaded: InteractiveShell, model_server: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    model_server.script(says("Blue."), says("ok"))
    run(loaded, "%a3s btw which colour?")
    assert "Blue." in capsys.readouterr().out

    run(loaded, "%%a3s\nhi")
    assert "colour" not in str(model_server.requests[1])


def test_tool_lines_return_python_values(loaded: InteractiveShell, workspace: Path) -> None:
    (workspace / "a.txt").write_text("one\ntwo words\n")

    assert run(loaded, "%a3s_glob *.txt") == ["a.txt"]
    (match,) = run(loaded, "%a3s_grep words")
    assert (match.path, match.line, match.text) == ("a.txt", 2, "two words")
    assert "two words" in run(loaded, "%a3s_read a.txt")
    failed = run(loaded, "x = %a3s_bash echo {1} '$HOME'; exit 3\nx")
    assert (failed.output.strip(), failed.exit_code) == ("{1} $HOME", 3)


def test_no_turn_is_needed_for_reset_and_cancel(
    loaded: InteractiveShell, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "agent.hcl").write_text("broken")
    run(loaded, "%a3s cancel")
    run(loaded, "%a3s reset")

    assert "Nothing is running" in capsys.readouterr().out


def test_slash_commands_reach_the_session(
    loaded: InteractiveShell, model_server: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    run(loaded, "%a3s /help")

    assert "/model" in capsys.readouterr().out
    assert model_server.requests == []


def test_a_comment_may_stand_above_a_prompt(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    """IPython takes such a cell for Python, and its prompt for a mistake in it."""
    model_server.script(says("Hello."))
    run(loaded, "# A greeting\n%%a3s --out answer\nhi there: how are you?")

    assert loaded.user_ns["answer"].text == "Hello."
    assert model_server.requests[0]["messages"][-1]["content"] == "hi there: how are you?"


@pytest.mark.parametrize("cell", ["%%a3s\n/hlep me", "%%a3s --new\n /hlep", "%a3s /hlep"])
def test_an_unknown_slash_command_ends_the_cell_with_an_error(
    loaded: InteractiveShell,
    model_server: ModelServer,
    capsys: pytest.CaptureFixture[str],
    cell: str,
) -> None:
    """Run All would pass an answer that nobody has asked for; the conversation stays."""
    model_server.script(says("Hello."))
    run(loaded, "%%a3s\nhi")

    told = complaint(loaded, cell, capsys)

    magic = cell.split()[0]
    assert told.startswith(f"UsageError: {magic}: Unknown command: /hlep. Did you mean /help?")
    assert len(current_session().history()) == 2
    assert len(model_server.requests) == 1


def test_a_side_question_may_begin_like_a_command(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    model_server.script(says("Names."))
    run(loaded, "%%a3s --btw\n/etc/hosts: what is in it?")

    assert "/etc/hosts" in str(model_server.requests[0]["messages"][-1])


def test_the_embedded_model_is_announced_once(
    loaded: InteractiveShell,
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (workspace / "agent.hcl").unlink()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(workspace))
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    run(loaded, "%a3s status")

    printed = capsys.readouterr().out
    assert "local/" in printed
    home = loaded.magics_manager.registry["A3SMagics"]._get_home()
    (remark,) = home.take_remarks()
    assert "embedded model" in remark
    assert home.take_remarks() == []
