"""The library's warnings are remarks of the turn, not red boxes."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from a3s_magics.heard import heard
from tests.magics.conftest import bundles
from tests.model_server import ModelServer, says


def test_each_warning_is_heard_once_and_without_keys(capfd: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []
    log = logging.getLogger("a3s_code")
    with heard(lines):
        log.info("not this")
        for _ in range(2):
            log.warning("unknown key `%s`\nsk-1234567890abcdef", "foo")

    assert lines == ["unknown key `foo` [key]"]
    assert capfd.readouterr().err == ""


def test_warnings_of_the_configuration_stand_above_the_first_answer(
    loaded: InteractiveShell,
    model_server: ModelServer,
    workspace: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    config = workspace / "agent.hcl"
    config.write_text(f"{config.read_text()}\nfrobnicate = 3\n")
    model_server.script(says("one"), says("two"))

    for prompt in ("first", "second"):
        loaded.run_cell(f"%%a3s\n{prompt}", store_history=True).raise_error()

    shown = [bundle["text/markdown"] for bundle in bundles(loaded)]
    assert ["unknown key &#96;frobnicate&#96;" in text for text in shown] == [True, False]
    assert "frobnicate" not in capfd.readouterr().err
