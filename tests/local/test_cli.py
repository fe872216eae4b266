"""`python -m a3s_kernel model fetch|path`."""

from __future__ import annotations

import io
import subprocess
import sys

from a3s_code.local.cli import fetch_with_bar, main
from a3s_code.local.source import EMBEDDED
from tests.deadlines import PROGRAM_S


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_path_prints_where_the_file_would_be(models, capsys):
    assert main(["path"]) == 0
    assert capsys.readouterr().out == f"{models / EMBEDDED.file_name}\n"


def test_a_wrong_command_shows_the_usage(capsys):
    assert main(["steal"]) == 2
    assert "model fetch|path" in capsys.readouterr().err


def test_a_log_gets_whole_lines_and_the_path(models, published):
    stream = io.StringIO()

    assert fetch_with_bar(stream, published) == 0

    lines = stream.getvalue().splitlines()
    assert lines[-1] == str(models / "tiny.gguf")
    assert lines[-2] == "Verifying the model's file"
    assert lines[-3] == "Downloading the model tiny 100 %"
    assert len(lines) == len(set(lines)) <= 13
    assert "\r" not in stream.getvalue()


def test_a_terminal_gets_one_line_that_is_redrawn(models, published):
    stream = Terminal()

    assert fetch_with_bar(stream, published) == 0

    bar, path, end = stream.getvalue().split("\n")
    assert f"[{'#' * 30}] 100 % 1.0 MB" in bar
    assert bar.count("\r") >= 2
    assert (path, end) == (str(models / "tiny.gguf"), "")


def test_a_cached_model_is_not_announced(models, published):
    fetch_with_bar(io.StringIO(), published)
    stream = Terminal()

    assert fetch_with_bar(stream, published) == 0
    assert stream.getvalue() == f"{models / 'tiny.gguf'}\n"


def test_offline_the_command_fails_with_one_line(models, offline, child_environment):
    script = "import sys; from a3s_code.local.cli import main; sys.exit(main(['fetch']))"
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=PROGRAM_S,
        check=False,
    )

    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert f"place {EMBEDDED.file_name}" in result.stderr
    assert f"in {models}" in result.stderr
