"""Stores in fresh folders, and other processes that use them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from a3s_code.store.file_store import FileSessionStore

ROOT = Path(__file__).resolve().parents[2]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that the store has to make itself."""
    return tmp_path / "new" / "sessions"


@pytest.fixture
def store(folder: Path) -> FileSessionStore:
    return FileSessionStore(str(folder))


@pytest.fixture
def start_writer(folder: Path) -> Iterator[Start]:
    """Starts `tests.store.writer` on the folder; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.writer", str(folder), *map(str, arguments)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
