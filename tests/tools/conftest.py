"""A real workspace on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.bench import Bench


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    return root


@pytest.fixture
def bench(workspace: Path) -> Bench:
    return Bench(workspace)
