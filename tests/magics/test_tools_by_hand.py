"""The tool lines in a real shell: values, how they look, what the agent is told, new tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from a3s_code import Session, builtin_tool_names
from a3s_magics.tool_values import MAX_ROWS, Match, Matches, Outcome, value_of
from tests.magics.conftest import StartKernel
from tests.magics.test_shell import complaint
from tests.model_server import ModelServer, says


def run(shell: Any, code: str) -> Any:
    """The value of a cell; its error is raised."""
    result = shell.run_cell(code, store_history=True)
    result.raise_error()
    return result.result


def shown(shell: Any, value: object) -> dict[str, Any]:
    """The value as a cell's output."""
    bundle: dict[str, Any] = shell.display_formatter.format(value)[0]
    return bundle


def inspected(shell: Any, name: str) -> str:
    """What Shift-Tab shows."""
    return str(shell.object_inspect_mime(name, omit_sections=())["text/plain"])


def session_of(shell: InteractiveShell) -> Session:
    """The session behind the magics."""
    run(shell, "%a3s status")
    session: Session = shell.magics_manager.registry["A3SMagics"]._get_home().started
    return session


# -- which lines there are -------------------------------------------------------------------------


def test_every_tool_has_a_line_before_there_is_a_session(loaded: InteractiveShell) -> None:
    lines = set(loaded.magics_manager.magics["line"])
    assert {f"a3s_{tool}" for tool in builtin_tool_names()} <= lines
    assert {f"a3s_{tool}" for tool in session_of(loaded).tool_names()} <= lines


def test_a_tool_that_comes_later_gets_its_line_and_a_help(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    def double(number: int) -> str:
        """Twice the number.

        Args:
            number: what is doubled
        """
        return str(2 * number)

    session_of(loaded).register_tool(double)
    run(loaded, "pass")

    assert run(loaded, "%a3s_double 21").output == "42"
    run(loaded, "%a3s_double --help")
    assert "what is doubled" in capsys.readouterr().out
    loaded.run_line_magic("unload_ext", "a3s_magics")
    assert "a3s_double" not in loaded.magics_manager.magics["line"]


def test_shift_tab_shows_the_options(loaded: InteractiveShell) -> None:
    text = inspected(loaded, "%a3s_grep")

    assert "usage: %a3s_grep" in text
    assert "--tell" in text
    assert "PATTERN" in text


def test_without_a_session_shift_tab_still_tells_something(
    loaded: InteractiveShell, workspace: Path
) -> None:
    (workspace / "agent.hcl").write_text("broken")

    text = inspected(loaded, "%a3s_grep")

    assert "%a3s_grep --help" in text


@pytest.mark.kernel
def test_a_plain_kernel_has_no_short_names(start_kernel: StartKernel) -> None:
    screen = start_kernel().run("%read agent.hcl")

    assert screen.reply["ename"] == "UsageError"


# -- values ----------------------------------------------------------------------------------------


def test_a_grep_is_a_table(loaded: InteractiveShell, workspace: Path) -> None:
    (workspace / "a.txt").write_text("zero\none <b>|$x$\x1b[31m\ntwo\n")
    found = run(loaded, "%a3s_grep one a.txt")

    assert found == [Match("a.txt", 2, "one <b>|$x$\x1b[31m")]
    bundle = shown(loaded, found)
    assert "<td>2</td>" in bundle["text/html"]
    assert "one &lt;b&gt;|$x$</code>" in bundle["text/html"]
    assert "| 2 | one &#60;b&#62;&#124;&#36;x&#36; |" in bundle["text/markdown"]
    assert bundle["text/plain"] == "a.txt:2:one <b>|$x$\n1 match in 1 file"


def test_lines_of_context_are_shown_and_are_no_matches(
    loaded: InteractiveShell, workspace: Path
) -> None:
    (workspace / "a.txt").write_text("zero\none\nb-7-x:9:trap\n")

    found = run(loaded, "%a3s_grep one a.txt --context 1")

    assert found == [Match("a.txt", 2, "one")]
    assert "zero" in found.output


def test_a_long_table_tells_what_it_leaves_out() -> None:
    matches = Matches(Match("a", n, "x") for n in range(MAX_ROWS + 5))

    assert matches._repr_html_().count("<tr>") == MAX_ROWS + 1
    assert "5 more are in the value" in matches._repr_html_()
    assert not Matches.read("a:1:x\n[cut]\nFound 9 matches in 1 files (output truncated)").complete


def test_text_and_results_are_shown_as_they_read(loaded: InteractiveShell, workspace: Path) -> None:
    (workspace / "a.txt").write_text("one\n")

    text = run(loaded, "%a3s_read a.txt")
    assert isinstance(text, str)
    assert shown(loaded, text)["text/plain"] == text.rstrip("\n")
    failed = run(loaded, "%a3s_bash printf '\\033[1mhi'; exit 3")
    assert isinstance(failed, Outcome)
    assert (failed["exit_code"], failed.metadata is not None) == (3, True)
    assert shown(loaded, failed)["text/plain"] == "hi\n[exit code 3]"


def test_an_image_is_shown(loaded: InteractiveShell, workspace: Path) -> None:
    (workspace / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 20)
    seen = run(loaded, "%a3s_read a.png")

    assert seen.images
    assert "image/png" in shown(loaded, seen)
    assert value_of(seen).images == seen.images


def test_tools_that_change_files_work_by_hand(loaded: InteractiveShell, workspace: Path) -> None:
    run(loaded, "%a3s_write a.txt 'one two'")
    run(loaded, "%a3s_edit a.txt one 1")
    (result,) = [run(loaded, '%a3s_batch \'[{"tool": "read", "args": {"file_path": "a.txt"}}]\'')]

    assert (workspace / "a.txt").read_text() == "1 two"
    assert "1 two" in result.output
    assert run(loaded, "%a3s_glob *.txt") == ["a.txt"]


# -- telling the agent -----------------------------------------------------------------------------


def test_what_was_found_can_be_told_to_the_agent(
    loaded: InteractiveShell, model_server: ModelServer, workspace: Path
) -> None:
    (workspace / "a.txt").write_text("a ``` fence\n")
    model_server.script(says("ok"))

    run(loaded, "%a3s_grep fence a.txt --tell")
    run(loaded, "%a3s_grep gone a.txt")
    run(loaded, "%%a3s\nhi")

    told, prompt = model_server.requests[0]["messages"][-2:]
    assert told["content"].startswith("I called the tool `grep` by hand: fence a.txt\n")
    assert "````text\na.txt:1:a ``` fence" in told["content"]
    assert prompt["content"] == "hi"
    assert "gone" not in str(model_server.requests)


# -- cells -----------------------------------------------------------------------------------------


def test_a_cell_is_written_patched_and_run_as_it_is_typed(
    loaded: InteractiveShell, workspace: Path
) -> None:
    run(loaded, "%%a3s_write 'my file.txt'\none {x} $y\n\n\"two\"\n")
    assert (workspace / "my file.txt").read_text() == 'one {x} $y\n\n"two"\n'

    run(loaded, "%%a3s_patch 'my file.txt'\n@@ -1,1 +1,1 @@\n-one {x} $y\n+ONE\n")
    assert (workspace / "my file.txt").read_text() == 'ONE\n\n"two"\n'

    outcome = run(loaded, "%%a3s_bash --timeout 60000\nfor n in 1 2\ndo echo $n; done\nexit 3\n")
    assert (outcome.output.split(), outcome.exit_code) == (["1", "2"], 3)


@pytest.mark.parametrize(
    ("cell", "culprit"),
    [
        ("%%a3s_write\ntext", "FILE_PATH"),
        ("%%a3s_write a.txt b.txt\ntext", "b.txt"),
        ("%%a3s_bash echo 1\necho 2", "below"),
    ],
)
def test_a_cell_with_a_mistake_does_nothing(
    loaded: InteractiveShell,
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
    cell: str,
    culprit: str,
) -> None:
    before = sorted(workspace.iterdir())
    assert culprit in complaint(loaded, cell, capsys)
    assert sorted(workspace.iterdir()) == before


def test_a_written_cell_can_be_told_and_is_gone_after_unloading(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    model_server.script(says("Fine."))
    run(loaded, "%%a3s_write --tell a.txt\nhello\n")
    run(loaded, "%%a3s\nok?")
    assert "hello" in str(model_server.requests[0]["messages"])

    loaded.run_line_magic("unload_ext", "a3s_magics")
    assert not [name for name in loaded.magics_manager.magics["cell"] if name.startswith("a3s")]
