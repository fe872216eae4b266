"""A cache folder of its own for these tests, kept over the session: building it takes seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def warm_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder that all tests here share, with parser tables after the first parse."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_cache(warm_cache: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("A3S_CACHE_DIR", str(warm_cache))
        yield


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with a home folder and two variables."""
    return {"HOME": str(tmp_path / "home"), "KEY": "sk-from-environment", "EMPTY": ""}
