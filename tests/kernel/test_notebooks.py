"""The example notebooks, executed from top to bottom by nbval: a scripted model or recorded turns."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deadlines import DEADLINE_S, PROGRAM_S
from tests.model_server import ModelServer, agent_hcl, says

pytestmark = pytest.mark.kernel

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.mark.parametrize("name", sorted(path.name for path in NOTEBOOKS.glob("*.ipynb")))
def test_every_cell_runs(name: str, tmp_path: Path, model_server: ModelServer) -> None:
    """The way a user checks notebooks in CI: `A3S_UI=final` and nbval's lax mode."""
    config = tmp_path / "agent.hcl"
    config.write_text(agent_hcl(model_server), "utf-8")
    model_server.answer_with(lambda request: says("A scripted answer."))
    options = ["--nbval-lax", "--nbval-kernel-name=a3s", "-p", "no:cacheprovider", "-W", "default"]
    options += [f"--nbval-kernel-startup-timeout={DEADLINE_S}"]

    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(NOTEBOOKS / name)],
        cwd=tmp_path,
        env={**os.environ, "A3S_UI": "final", "A3S_CONFIG": str(config)},
        timeout=PROGRAM_S,
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout
    text = (NOTEBOOKS / name).read_text("utf-8")
    asks = (
        re.search("%%a3s(?!_)", text) is not None and "A3S_REPLAY=1" not in text
    )  # recorded turns need no model
    assert bool(model_server.requests) == asks
