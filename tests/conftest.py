"""Fixtures that all tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.model_server import ModelServer

# A busy machine is slow, which says nothing about the code: no limits on the time of an example.
settings.register_profile("a3s", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("a3s")


@pytest.fixture(autouse=True, scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for the conversations of this run's notebooks; the developer's own stay untouched."""
    folder = tmp_path_factory.mktemp("a3s-data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("A3S_DATA_DIR", str(folder))
        yield folder


@pytest.fixture
def model_server() -> Iterator[ModelServer]:
    """A scripted model server, fresh for each test."""
    with ModelServer() as server:
        yield server
