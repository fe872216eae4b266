"""Both built-in stores, empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from a3s_code.memory.file_store import FileMemoryStore
from a3s_code.memory.indexed import IndexedStore
from a3s_code.memory.process_memory import InMemoryStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that the store has to make itself."""
    return tmp_path / "new" / "memory"


@pytest.fixture
def files(folder: Path) -> FileMemoryStore:
    return FileMemoryStore(str(folder))


@pytest.fixture(params=["memory", "files"])
def store(request: pytest.FixtureRequest, files: FileMemoryStore) -> IndexedStore:
    return InMemoryStore() if request.param == "memory" else files
