"""Spans: what a program with OpenTelemetry sees of a session, and when anything leaves it."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, agent_hcl, calls, calls_raw, says, status, turn

TESTS = Path(__file__).parent

needs_api = pytest.mark.skipif(
    importlib.util.find_spec("opentelemetry") is None, reason="needs opentelemetry-api"
)
needs_sdk = pytest.mark.skipif(
    importlib.util.find_spec("opentelemetry") is None
    or importlib.util.find_spec("opentelemetry.sdk") is None
    or importlib.util.find_spec("opentelemetry.exporter") is None,
    reason='needs pip install "a3s-kernel[otel]"',
)


def program(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """A Python program with our code on its path."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=TESTS.parent,
        env=known | environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


class Seen:
    """The spans of one prompt."""

    def __init__(self, model_server: ModelServer, workspace: Path) -> None:
        hcl = agent_hcl(model_server, "anthropic")
        self.text = program(str(TESTS / "spans.py"), hcl, str(workspace)).stdout
        told = json.loads(self.text)
        self.session_id: str = told["session_id"]
        self.spans: list[dict[str, Any]] = told["spans"]
        assert all(span["ended"] for span in self.spans)

    def named(self, name: str) -> list[dict[str, Any]]:
        return [span["attributes"] for span in self.spans if span["name"] == name]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """A prompt with two rounds, in the first of which the model calls three tools."""
    inner = [{"tool": "bash", "args": {"command": "secret command"}}]
    with ModelServer() as model_server:
        model_server.script(
            turn(
                calls("ls", id="c1"),
                calls("write", id="c2", file_path="a", content="secret content"),
                calls("batch", id="c3", invocations=inner).using(11, 7, cached=3, cache_write=2),
            ),
            says("The secret answer.").using(20, 2),
        )
        return Seen(model_server, tmp_path_factory.mktemp("workspace"))


@needs_api
def test_every_piece_of_work_is_a_span_below_what_it_is_part_of(seen: Seen) -> None:
    assert [(span["name"], span["parent"]) for span in seen.spans] == [
        ("a3s.agent.execute", None),
        ("a3s.agent.context_resolve", "a3s.agent.execute"),
        ("a3s.agent.turn", "a3s.agent.execute"),
        ("a3s.llm.completion", "a3s.agent.turn"),
        ("a3s.tool.execute", "a3s.agent.turn"),
        ("a3s.tool.execute", "a3s.agent.turn"),
        ("a3s.tool.execute", "a3s.agent.turn"),
        ("a3s.tool.execute", "a3s.tool.execute"),  # the call inside of the batch
        ("a3s.agent.turn", "a3s.agent.execute"),
        ("a3s.llm.completion", "a3s.agent.turn"),
    ]
    assert not any(span["failed"] for span in seen.spans)


@needs_api
def test_attributes_of_the_agent(seen: Seen) -> None:
    common = {"a3s.session.id": seen.session_id, "a3s.agent.max_turns": 9}
    assert seen.named("a3s.agent.execute") == [common | {"a3s.agent.tool_calls_count": 3}]
    assert seen.named("a3s.agent.turn") == [
        common | {"a3s.agent.turn_number": number} for number in (1, 2)
    ]


@needs_api
def test_attributes_of_the_model(seen: Seen) -> None:
    common = {"a3s.llm.model": "m", "a3s.llm.provider": "anthropic", "a3s.llm.streaming": True}
    assert seen.named("a3s.llm.completion") == [
        common
        | {
            "a3s.llm.prompt_tokens": 11,
            "a3s.llm.completion_tokens": 7,
            "a3s.llm.total_tokens": 18,
            "a3s.llm.cache_read_tokens": 3,
            "a3s.llm.cache_write_tokens": 2,
            "a3s.llm.stop_reason": "tool_use",
        },
        common
        | {
            "a3s.llm.prompt_tokens": 20,
            "a3s.llm.completion_tokens": 2,
            "a3s.llm.total_tokens": 22,
            "a3s.llm.stop_reason": "end_turn",
        },
    ]


@needs_api
def test_attributes_of_the_tools(seen: Seen) -> None:
    told = seen.named("a3s.tool.execute")
    assert all(attributes.pop("a3s.tool.duration_ms") >= 0 for attributes in told)
    keys = ("name", "id", "permission", "exit_code", "success")
    assert [tuple(attributes.pop(f"a3s.tool.{key}") for key in keys) for attributes in told] == [
        ("ls", "c1", "allow", 0, True),
        ("write", "c2", "ask", 0, True),
        ("batch", "c3", "allow", 1, False),
        ("bash", "c3.1", "deny", 1, False),
    ]
    assert told == [{}] * 4


@needs_api
def test_attributes_of_the_context(seen: Seen) -> None:
    assert seen.named("a3s.agent.context_resolve") == [
        {"a3s.context.providers": ["weather"], "a3s.context.items": 1, "a3s.context.tokens": 7}
    ]


@needs_api
def test_nothing_that_was_said_is_told(seen: Seen) -> None:
    assert "secret" not in seen.text


@needs_api
@pytest.mark.parametrize("times", [1, 3])
def test_a_failure_is_marked_without_its_message(
    model_server: ModelServer, tmp_path: Path, times: int
) -> None:
    """Of the model at once, or of what it wrote, in a row."""
    if times == 1:
        model_server.script(status(401, body='{"error": {"message": "secret"}}'))
    else:
        model_server.script(*(calls_raw("ls", '{"secret') for _ in range(times)))
    seen = Seen(model_server, tmp_path)
    failed = [span["name"] for span in seen.spans if span["failed"]]
    assert failed[:2] == ["a3s.agent.execute", "a3s.agent.turn"]
    assert ("a3s.llm.completion" in failed) == (times == 1)
    assert "secret" not in seen.text


# -- the log -----------------------------------------------------------------------------------------


def test_every_logger_of_the_library_is_below_one() -> None:
    """So that a program has one place to turn it up or down; no variable of the environment does."""
    names: set[str] = set()
    for path in (TESTS.parent / "a3s_code").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        names |= set(re.findall(r"getLogger\(([^)]*)\)", text))
        assert "RUST_LOG" not in text
    assert names - {"__name__"} == {'"a3s_code"', '"a3s_code.ahp"', '"a3s_code.mcp"'}


# -- without a program that listens -----------------------------------------------------------------

ONE_PROMPT = """
import sys
from a3s_code import Agent
session = Agent.create(sys.argv[1]).session(sys.argv[2], permissive=True)
print(session.send("hi").text)
print(any(name.startswith("opentelemetry") for name in sys.modules))
"""


def test_without_an_endpoint_nothing_is_even_loaded(
    model_server: ModelServer, tmp_path: Path
) -> None:
    model_server.script(says("Hello."))
    done = program("-c", ONE_PROMPT, agent_hcl(model_server), str(tmp_path))
    assert done.stdout == "Hello.\nFalse\n"


def test_an_endpoint_without_the_packages_is_said_once(
    model_server: ModelServer, tmp_path: Path
) -> None:
    model_server.script(says("Hello."))
    hidden = "import sys\nsys.modules['opentelemetry'] = None\n"
    twice = ONE_PROMPT.replace("session =", "Agent.create(sys.argv[1])\nsession =")
    done = program(
        "-c", hidden + twice.replace("print(any", "#"), agent_hcl(model_server), str(tmp_path),
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9",
    )  # fmt: skip
    assert done.stdout == "Hello.\n"
    assert done.stderr.count("OTEL_EXPORTER_OTLP_ENDPOINT is set, but spans need packages") == 1
    assert 'pip install "a3s-kernel[otel]"' in done.stderr


class Collector:
    """What was sent to an endpoint: pairs of path and body."""

    def __init__(self) -> None:
        self.received: list[tuple[str, bytes]] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.received.append((self.path, body))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(
        target=collector.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    yield collector
    collector.http.shutdown()
    collector.http.server_close()
    thread.join(DEADLINE_S)


@needs_sdk
@pytest.mark.parametrize("service", [None, "a-name-of-ours"])
def test_spans_go_to_the_endpoint(
    model_server: ModelServer, tmp_path: Path, collector: Collector, service: str | None
) -> None:
    model_server.script(says("The secret answer."))
    environ = {} if service is None else {"OTEL_SERVICE_NAME": service}
    done = program(
        "-c", ONE_PROMPT, agent_hcl(model_server), str(tmp_path),
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, NO_PROXY="127.0.0.1", no_proxy="127.0.0.1", **environ,
    )  # fmt: skip
    assert done.stdout.startswith("The secret answer.\n")
    assert {path for path, _body in collector.received} == {"/v1/traces"}
    sent = b"".join(body for _path, body in collector.received)
    for name in ("a3s.agent.execute", "a3s.agent.turn", "a3s.llm.completion"):
        assert name.encode() in sent
    assert (service or "a3s-code").encode() in sent
    assert (b"a3s-code" in sent) == (service is None)
    assert b"secret" not in sent
