"""The wheel and the sdist as they are built, installed and found by Jupyter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from tests.deadlines import PROGRAM_S

pytestmark = [pytest.mark.kernel, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
START_KERNEL = """
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="a3s")
client.execute_interactive("import a3s_kernel, sys; print(sys.executable, a3s_kernel.__file__)")
client.stop_channels()
manager.shutdown_kernel()
"""


def run(*command: str | Path, cwd: Path) -> str:
    """Standard output of a command that must succeed, in an environment without our own paths."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "JUPYTER_PATH")}
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=env,
        timeout=PROGRAM_S,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist of this tree."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-d", folder, cwd=ROOT)
    return folder


@pytest.fixture(scope="module")
def python_with_wheel(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment that has the wheel; its dependencies are borrowed."""
    folder = tmp_path_factory.mktemp("environment")
    context = venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt")
    context.create(folder)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    purelib = run(
        python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder
    )
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    Path(purelib.strip(), "borrowed.pth").write_text("\n".join(borrowed) + "\n", "utf-8")
    (wheel,) = built.glob("*.whl")
    options = ["--no-deps", "--no-index", "--ignore-installed", "--quiet"]
    run(python, "-m", "pip", "install", *options, wheel, cwd=folder)
    return python


def test_jupyter_lists_the_kernel_after_pip_install(python_with_wheel: Path) -> None:
    """The spec is wheel data: no second command is needed."""
    prefix = python_with_wheel.parents[1]

    listed = json.loads(
        run(python_with_wheel, "-m", "jupyter_client.kernelspecapp", "list", "--json", cwd=prefix)
    )

    folder = Path(listed["kernelspecs"]["a3s"]["resource_dir"])
    assert folder.resolve() == (prefix / "share/jupyter/kernels/a3s").resolve()
    assert {f.name for f in folder.iterdir()} == {
        f.name for f in (ROOT / "kernelspec/a3s").iterdir()
    }


def test_the_listed_kernel_runs_the_installed_package(python_with_wheel: Path) -> None:
    """The plain `python` in the spec becomes the interpreter that has the wheel."""
    prefix = python_with_wheel.parents[1]

    interpreter, package = run(python_with_wheel, "-c", START_KERNEL, cwd=prefix).split()

    assert Path(interpreter) == python_with_wheel
    assert prefix in Path(package).parents


def test_install_finds_its_files_in_the_wheel(python_with_wheel: Path, tmp_path: Path) -> None:
    """There is no checkout beside an installed package."""
    run(python_with_wheel, "-m", "a3s_kernel", "install", "--prefix", tmp_path, cwd=tmp_path)

    assert (tmp_path / "share/jupyter/kernels/a3s/logo-svg.svg").is_file()


def test_the_sdist_holds_what_a_build_and_the_tests_need(built: Path) -> None:
    """Packagers start from the sdist."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    wanted = ["pyproject.toml", "LICENSE", "Makefile", "kernelspec/a3s/kernel.json"]
    assert {*wanted, "tests/kernel/test_wheel.py", "a3s_kernel/kernel.py"} <= names
    listed = run("git", "ls-files", cwd=ROOT).splitlines() if (ROOT / ".git").exists() else []
    assert [name for name in listed if name not in names] == []


def test_the_wheel_holds_the_packages_and_nothing_else(built: Path) -> None:
    """No tests, no documents; the texts of the built-in skills and the type marks are there."""
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    places = {name.partition("/")[0].partition("-")[0] for name in names}
    assert places == {"a3s_code", "a3s_kernel", "a3s_magics"}
    assert {f"{package}/py.typed" for package in ("a3s_code", "a3s_kernel", "a3s_magics")} <= {
        *names
    }
    assert "a3s_code/skills/builtin/code-review.md" in names
