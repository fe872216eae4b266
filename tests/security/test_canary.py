"""Keys are never written: a whole run in which everything fails, and a search through all of it."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nbformat
import pytest

from tests import kernels
from tests.deadlines import PROGRAM_S
from tests.kernel.conftest import jupyter_home
from tests.model_server import ModelServer, Reply, calls, error_in_stream, html, says, status
from tests.security.canary import (
    CANARIES,
    ENVIRONMENT,
    FROM_ENVIRONMENT,
    LITERAL,
    config,
    leaks,
)

__all__ = ["jupyter_home"]

ROOT = Path(__file__).resolve().parents[2]

ECHO = " and ".join(CANARIES)


def echoes() -> list[Reply]:
    """A server that repeats every key it was ever sent, wherever a server can say something."""
    headers = {
        "X-Request-Id": LITERAL,
        "Request-Id": FROM_ENVIRONMENT,
        "WWW-Authenticate": f'Bearer error="{ECHO}"',
        "X-Echo": ECHO,
    }
    page = f"<title>key {ECHO}</title><p>{ECHO}"
    return [
        status(401, body=f"Incorrect API key: {ECHO}", headers=headers),
        status(403, body=json.dumps({"error": {"message": ECHO, "code": ECHO}}), headers=headers),
        status(400, body=" ".join(quote(canary, safe="") for canary in CANARIES)),
        status(500, body=f"failed with {ECHO}", retry_after=0.001),
        status(429, body=ECHO, headers={"Retry-After": ECHO}),
        status(307, headers={"Location": f"http://{quote(LITERAL, safe='')}@h/{LITERAL}?k={ECHO}"}),
        status(404, body=page),
        html(page),
        error_in_stream(f"no credit for {ECHO}", after="Half an answer"),
        error_in_stream(f"overloaded: {ECHO}", type=ECHO),
        Reply(body=f"data: {{broken {ECHO}\n\n".encode()),
        Reply(body=f"data: [{json.dumps(ECHO)}]\n\n".encode()),
        Reply(body=f'{{"error": {json.dumps(ECHO)}}}'.encode(), content_type="application/json"),
        calls("bash", command="cat agent.hcl; env"),
        says("That is all."),
    ]


@pytest.fixture
def folder(model_server: ModelServer, tmp_path: Path) -> Path:
    """A folder with the configuration, and a server that echoes."""
    answers = cycle(echoes())
    model_server.answer_with(lambda _: next(answers))
    (tmp_path / "agent.hcl").write_text(config(model_server.url), "utf-8")
    return tmp_path


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Variables for a process that writes below the folder only."""
    places = {"HOME": "home", "A3S_DATA_DIR": "data", "A3S_CACHE_DIR": "cache", "IPYTHONDIR": "ip"}
    own = {name: str(folder / place) for name, place in places.items()}
    paths = os.pathsep.join([str(ROOT), str(ROOT / "magics")])
    kept = {n: v for n, v in os.environ.items() if n not in ("A3S_CONFIG", "JPY_SESSION_NAME")}
    return {**kept, **own, **ENVIRONMENT, "PYTHONPATH": paths, **more}


def test_a_program(folder: Path) -> None:
    """Outputs, tracebacks with variables, debug logs of everything, saved sessions, pickles."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.security.canary_run", str(folder)],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=PROGRAM_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "debug.log").stat().st_size > 1000
    assert len(list(folder.glob("error-*.pickle"))) > 10
    assert "[redacted" in done.stdout
    assert leaks(folder, done.stdout, done.stderr, apart_from=[folder / "agent.hcl"]) == []


CELLS = [
    "import logging; logging.basicConfig(level=logging.DEBUG, filename='debug.log', force=True)",
    *["%%a3s --yes\nprompt"] * len(echoes()),
    "%a3s model anthropic/m",
    *["%%a3s --yes\nprompt"] * len(echoes()),
    *(f"%a3s {verb}" for verb in ("status", "models", "config", "doctor", "history", "cost")),
    "%a3s btw why?",
    "%a3s_bash cat agent.hcl; env",
    "%a3s_read agent.hcl",
    "%tb",
    "get_ipython().magics_manager.registry",
    "1 / 0",
]


def run_notebook(path: Path, **more: str) -> str:
    """Execute it, errors included, and save it; what the kernel wrote elsewhere."""
    notebook = nbformat.read(path, as_version=4)
    with (
        kernels.notebook_client(notebook, path.parent, allow_errors=True) as client,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in environment(path.parent, JPY_SESSION_NAME=str(path), **more).items():
            patch.setenv(name, value)
        asyncio.run(client.async_execute())
    nbformat.write(notebook, path)
    return json.dumps(notebook, default=str)


def outputs(path: Path) -> list[dict[str, Any]]:
    """All outputs of a saved notebook."""
    cells = nbformat.read(path, as_version=4).cells
    return [output for cell in cells for output in cell.outputs]


@pytest.mark.kernel
@pytest.mark.usefixtures("jupyter_home")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_notebook_its_doctor_and_its_replay(folder: Path) -> None:
    """The saved notebook with its turn records, the data folder, and what `doctor` prints."""
    path = folder / "run.ipynb"
    cells = [nbformat.v4.new_code_cell(code) for code in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    run_notebook(path)
    texts = json.dumps(outputs(path))
    assert texts.count("application/vnd.a3s.turn+json") > len(echoes())
    assert "ModelRefused" in texts
    assert list((folder / "data" / "sessions").iterdir())
    doctor = subprocess.run(
        [sys.executable, "-m", "a3s_kernel", "doctor"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=PROGRAM_S,
        check=False,
    )
    own = [folder / "agent.hcl"]
    assert leaks(folder, doctor.stdout, doctor.stderr, apart_from=own) == []
    run_notebook(path, A3S_REPLAY="1")
    assert leaks(folder, apart_from=own) == []


def test_the_search_finds_every_spelling(tmp_path: Path) -> None:
    """Otherwise the tests above would prove nothing."""
    for number, canary in enumerate(CANARIES):
        for shift in range(3):
            name = tmp_path / f"{number}-{shift}"
            name.write_bytes(base64.b64encode(b"x" * shift + canary.encode() + b" and more"))
            assert leaks(tmp_path), (canary, shift)
            name.unlink()
        for text in (canary, quote(canary, safe=""), json.dumps({"key": canary})):
            assert leaks(tmp_path, f"a {text} b")
    assert leaks(tmp_path, "sk-cAnArY/ is only the beginning") == []
