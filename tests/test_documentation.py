"""What the documents show works: every block of code is run, every named thing exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from a3s_code import Agent
from tests.model_server import ModelServer, agent_hcl, says

ROOT = Path(__file__).resolve().parent.parent
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def documents() -> list[Path]:
    """The documents for readers, in a stable order."""
    return sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])


def blocks(language: str) -> list[object]:
    """Blocks of one language, as parameters named after document and position."""
    return [
        pytest.param(match[2], id=f"{document.name}-{number}")
        for document in documents()
        for number, match in enumerate(_BLOCK.finditer(document.read_text("utf-8")))
        if match[1] == language
    ]


@pytest.mark.parametrize("code", blocks("python"))
def test_python_runs(
    code: str, model_server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_server.answer_with(lambda body: says("All of them are small."))
    (tmp_path / "agent.hcl").write_text(agent_hcl(model_server), "utf-8")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "<document>", "exec"), {"__name__": "__main__"})  # noqa: S102  # our own documents


@pytest.mark.parametrize("text", blocks("hcl"))
def test_configuration_is_accepted(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in re.findall(r'env\("(\w+)"\)', text):
        monkeypatch.setenv(name, "value")
    agent = Agent.create(text)
    assert agent.config.warnings == ()


def test_named_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for document in documents():
        named = set(re.findall(r"`make ([a-z]+)`", document.read_text("utf-8")))
        assert named <= targets, document.name


def test_named_files_exist() -> None:
    for document in documents():
        for name in re.findall(
            r"`((?:a3s_code|a3s_kernel|magics|tests|notebooks|scripts|benchmarks|docs)/[\w./-]+)`",
            document.read_text("utf-8"),
        ):
            assert (ROOT / name).exists(), f"{document.name} names {name}"


def test_named_commands_of_the_kernel_exist() -> None:
    help_text = subprocess.run(
        [sys.executable, "-m", "a3s_kernel", "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout
    for document in documents():
        for name in re.findall(r"python -m a3s_kernel (\w+)", document.read_text("utf-8")):
            assert name in help_text, f"{document.name} names {name}"
