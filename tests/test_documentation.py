"""What the documents show works: every block of code is run, every named thing exists."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from a3s_kernel.install import install
from tests.documents.blocks import blocks_of
from tests.documents.model import answer
from tests.documents.reader import Reader, environment
from tests.model_server import ModelServer, agent_hcl

ROOT = Path(__file__).resolve().parent.parent


def documents() -> list[Path]:
    """The documents that people write, in a stable order; docs/api/ is written by a script."""
    guides = [path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "api"]
    return sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *guides])


def readings() -> list[object]:
    """Documents with blocks, as parameters; those with cells start a kernel."""
    found = []
    for document in documents():
        languages = {block.language for block in blocks_of(document)}
        if languages:
            marks = [pytest.mark.kernel] if languages & {"ipython", "bash"} else []
            found.append(pytest.param(document, id=document.stem, marks=marks))
    return found


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prefix with the kernelspecs of the code under test."""
    prefix = tmp_path_factory.mktemp("kernels")
    assert install(["--prefix", str(prefix)]) == 0
    return prefix


@pytest.fixture
def reader(
    kernels: Path, tmp_path: Path, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Reader]:
    """A reader in a folder with notes, the example notebooks, and the scripted model's `agent.hcl`."""
    model_server.answer_with(answer)
    (tmp_path / "agent.hcl").write_text(agent_hcl(model_server), "utf-8")
    (tmp_path / "notes.md").write_text("# Notes\n", "utf-8")
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    settings = environment(tmp_path, kernels)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    for name in ("A3S_CONFIG", "A3S_UI", "A3S_REPLAY", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    made = Reader(tmp_path, settings)
    yield made
    made.close()


@pytest.mark.parametrize("document", readings())
def test_everything_shown_works(document: Path, reader: Reader) -> None:
    for block in blocks_of(document):
        reader.follow(block)


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


def test_pictures_are_small_enough_to_load_at_once() -> None:
    for picture in (ROOT / "docs" / "images").iterdir():
        assert picture.read_bytes().startswith(b"\x89PNG"), picture.name
        assert picture.stat().st_size < 200_000, picture.name


def test_links_lead_somewhere() -> None:
    for document in [*documents(), *(ROOT / "docs" / "api").glob("*.md")]:
        for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text("utf-8")):
            if "://" not in target:
                file, _, anchor = target.partition("#")
                path = document.parent / file if file else document
                assert path.exists(), f"{document.name} links to {target}"
                assert not anchor or anchor in anchors(path), f"{document.name} links to {target}"


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


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
