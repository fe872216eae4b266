"""The model client against a real server: delivery, retries, faults, cancelling, secrets."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from a3s_code.errors import ModelError, ModelRefused, ModelUnreachable, StreamInterrupted
from a3s_code.events import AgentEvent, Retrying, TextDelta
from a3s_code.llm.http import LiveReply, ModelClient
from a3s_code.llm.model import ModelReply, ModelRequest
from a3s_code.llm.network import close_clients
from a3s_code.llm.retry import RetryConfig
from a3s_code.messages import Message
from tests.deadlines import DEADLINE_S, longer_and_longer
from tests.llm.wire_facts import KINDS, codec
from tests.model_server import ModelServer
from tests.scripts import Reply, error_in_stream, garbage, html, says, status, wait

QUICK = RetryConfig(base_delay_ms=1)
KEY = "sk-test-key/with+odd=characters"


@pytest.fixture(autouse=True, params=["ours", "httpx"])
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything holds over our own transport, and over that of httpx."""
    monkeypatch.setenv("A3S_HTTP", request.param)


def client(server: ModelServer | str, kind: str = "openai", **settings: Any) -> ModelClient:
    """A client that retries without delay."""
    url = server if isinstance(server, str) else server.url
    return ModelClient(codec(kind), url, **{"api_key": lambda: KEY, "retry": QUICK, **settings})


class Run:
    """One call in an event loop of its own: its events, and its answer or error."""

    def __init__(self, model: ModelClient, **options: Any) -> None:
        self.events: list[AgentEvent] = []
        self.batches = 0
        self.live = LiveReply()
        self.reply: ModelReply | None = None
        self.error: ModelError | None = None
        self._options = options
        try:
            self.reply = run(self._ask(model))
        except ModelError as error:
            self.error = error

    async def _ask(self, model: ModelClient) -> ModelReply:
        request = ModelRequest(model="m", messages=[Message.user("hi")])
        return await model.stream(request, self._emit, live=self.live, **self._options)

    async def _emit(self, events: list[AgentEvent]) -> None:
        assert events
        self.batches += 1
        self.events += events

    @property
    def text(self) -> str:
        """All deltas of text, joined."""
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def retries(self) -> list[Retrying]:
        """The announced waits."""
        return [event for event in self.events if isinstance(event, Retrying)]


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """The result of `work`; connections are closed with the loop they belong to."""

    async def whole() -> Any:
        try:
            async with asyncio.timeout(DEADLINE_S):
                return await work
        finally:
            await close_clients()

    return asyncio.run(whole())


# -- delivery --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "deliver",
    [
        lambda reply: reply,
        Reply.one_byte_chunks,
        Reply.packed,
        Reply.gzip,
        Reply.not_streamed,
    ],
    ids=["events", "bytes", "packed", "gzip", "document"],
)
def test_an_answer_arrives_however_it_is_sent(
    model_server: ModelServer, kind: str, deliver: Callable[[Reply], Reply]
) -> None:
    """The same text in every delivery."""
    model_server.script(deliver(says("héllo 🎉 world")))
    done = Run(client(model_server, kind))
    assert done.text == "héllo 🎉 world"
    assert done.reply is not None
    assert done.reply.message.text == done.text


@pytest.mark.parametrize("kind", KINDS)
def test_text_arrives_before_the_answer_is_complete(model_server: ModelServer, kind: str) -> None:
    """The first delta comes while the server still holds the second one back."""
    model_server.script(says("one ", wait(), "two"))
    seen: list[AgentEvent] = []

    async def emit(events: list[AgentEvent]) -> None:
        if not seen:
            model_server.release()
        seen.extend(events)

    reply = run(client(model_server, kind).stream(hello(), emit))
    assert seen == [TextDelta(text="one "), TextDelta(text="two")]
    assert reply.message.text == "one two"


def test_what_is_sent(model_server: ModelServer) -> None:
    """Path, protocol headers, key, session id; configured headers win."""
    model_server.script(says("a"), says("b"))
    settings: dict[str, Any] = {"headers": {"authorization": "Basic x", "X-Extra": "1"}, "session_id_header": "X-Session"}  # fmt: skip
    Run(client(model_server, **settings), session_id="s1")
    Run(client(f"{model_server.url}/v1/", "anthropic"), session_id="s1")

    first, second = model_server.headers
    assert model_server.paths == ["/v1/chat/completions", "/v1/messages"]
    assert (first["authorization"], first["x-extra"], first["x-session"]) == ("Basic x", "1", "s1")
    assert first["accept-encoding"] == "identity"
    assert (second["x-api-key"], second["anthropic-version"]) == (KEY, "2023-06-01")
    assert "x-session" not in second
    assert model_server.requests[0]["messages"] == [{"role": "user", "content": "hi"}]


def test_credentials_of_the_address_are_sent(model_server: ModelServer) -> None:
    """As a gateway in front of a model server may want them."""
    model_server.script(says("a"))
    Run(client(model_server.url.replace("http://", "http://user:pa%40ss@"), api_key=None))
    assert model_server.headers[0]["authorization"] == "Basic dXNlcjpwYUBzcw=="


def test_no_key_no_header(model_server: ModelServer) -> None:
    """As local servers like it."""
    model_server.script(says("a"))
    Run(client(model_server, api_key=None))
    assert "authorization" not in model_server.headers[0]


def test_an_address_that_is_known_only_at_the_first_request(model_server: ModelServer) -> None:
    """The embedded model is started then."""
    model_server.script(says("a"))

    async def address() -> str:
        return model_server.url

    assert Run(ModelClient(codec("openai"), address)).text == "a"


def test_one_connection_serves_one_request_after_the_other(model_server: ModelServer) -> None:
    """The end of the body is read although the answer is complete before it."""
    model_server.script(says("a"), says("b"), status(404), says("c"))

    async def ask_often() -> None:
        model = client(model_server)
        for _ in range(2):
            await model.stream(hello(), ignore)
        with pytest.raises(ModelRefused):
            await model.stream(hello(), ignore)
        await model.stream(hello(), ignore)

    run(ask_often())
    assert model_server.connections == 1


def test_an_answer_is_complete_although_the_body_never_ends(model_server: ModelServer) -> None:
    """A server that keeps the connection open behind the end mark does not hold the turn."""
    reply = says("done")
    model_server.script(Reply((*reply.parts,)).lingering())
    assert Run(client(model_server)).text == "done"
    assert model_server.disconnected.wait(DEADLINE_S)


def test_what_is_waiting_is_taken_at_once(
    model_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many HTTP chunks it came in: our own transport joins them."""
    monkeypatch.delenv("A3S_HTTP")
    model_server.script(says("word " * 200))
    batches: list[int] = []

    async def emit(events: list[AgentEvent]) -> None:
        assert await asyncio.to_thread(model_server.finished.wait, DEADLINE_S)
        batches.append(len(events))

    run(client(model_server).stream(hello(), emit))
    assert sum(batches) == 200
    assert len(batches) < 10


# -- back-pressure and cancelling ------------------------------------------------------------------


def test_a_consumer_that_does_not_read_holds_the_server_back(model_server: ModelServer) -> None:
    """The server cannot get rid of an endless answer while `emit` is waiting."""
    model_server.script(says("x" * 10_000).endless())
    batches: list[int] = []

    async def measure() -> None:
        blocked = asyncio.Event()

        async def emit(events: list[AgentEvent]) -> None:
            batches.append(len(events))
            blocked.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(client(model_server).stream(hello(), emit))
        await blocked.wait()
        assert await asyncio.to_thread(model_server.stalled.wait, DEADLINE_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(measure())
    assert len(batches) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_cancelling_closes_the_connection_and_keeps_the_text(
    model_server: ModelServer, kind: str
) -> None:
    """The server notices, so nothing more is generated or billed."""
    model_server.script(says("word ").endless())
    live = LiveReply()

    async def cancel_after_some_text() -> None:
        some = asyncio.Event()

        async def emit(events: list[AgentEvent]) -> None:
            some.set()

        task = asyncio.create_task(client(model_server, kind).stream(hello(), emit, live=live))
        await some.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(model_server.disconnected.wait, DEADLINE_S)

    run(cancel_after_some_text())
    assert live.partial().text.startswith("word ")


def test_cancelling_before_the_first_byte(model_server: ModelServer) -> None:
    """A server that thinks for long is left, too."""
    model_server.script(says("late").slow_first_byte())

    async def cancel_while_waiting() -> None:
        task = asyncio.create_task(client(model_server).stream(hello(), ignore))
        assert await asyncio.to_thread(model_server.waiting.wait, DEADLINE_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(model_server.disconnected.wait, DEADLINE_S)

    run(cancel_while_waiting())


def test_cancelling_a_wait_between_attempts(model_server: ModelServer) -> None:
    """A long Retry-After does not hold anybody."""
    model_server.script(status(429, retry_after=300))

    async def cancel_while_waiting() -> None:
        announced = asyncio.Event()

        async def emit(events: list[AgentEvent]) -> None:
            announced.set()

        task = asyncio.create_task(client(model_server).stream(hello(), emit))
        await announced.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(cancel_while_waiting())
    assert len(model_server.requests) == 1


# -- retries ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504, 529])
def test_statuses_that_are_retried(model_server: ModelServer, code: int) -> None:
    """Announced with number, delay, status and reason; then the answer."""
    model_server.script(status(code, retry_after=0.001), says("ok"))
    done = Run(client(model_server))
    assert done.text == "ok"
    [event] = done.retries
    assert (event.attempt, event.status, event.delay_ms) == (2, code, 1)
    assert f"scripted status {code}" in event.reason


@pytest.mark.parametrize("code", [400, 401, 403, 404, 413, 422])
def test_other_client_errors_are_final_at_once(model_server: ModelServer, code: int) -> None:
    """One request, and the server's own words."""
    model_server.script(status(code, headers={"x-request-id": "r1"}), says("never"))
    error = Run(client(model_server)).error
    assert isinstance(error, ModelRefused)
    assert (error.status, error.request_id, error.retryable) == (code, "r1", False)
    assert f"scripted status {code}" in error.problem
    assert len(model_server.requests) == 1


def test_giving_up_names_attempts_status_and_reason(model_server: ModelServer) -> None:
    """After the configured number of retries."""
    model_server.script(*[status(503, body="down for maintenance")] * 3)
    done = Run(client(model_server, retry=RetryConfig(max_retries=2, base_delay_ms=1)))
    assert isinstance(done.error, ModelRefused)
    for fact in ("3 attempts", "503", "down for maintenance", model_server.url):
        assert fact in done.error.problem
    assert [event.attempt for event in done.retries] == [2, 3]


def test_retries_can_be_switched_off(model_server: ModelServer) -> None:
    """One attempt then."""
    model_server.script(status(500), says("never"))
    assert Run(client(model_server, retry=RetryConfig(max_retries=0))).retries == []
    assert len(model_server.requests) == 1


def test_which_statuses_are_retried_can_be_set(model_server: ModelServer) -> None:
    """Those of the setting, and no others."""
    model_server.script(status(503), status(500), says("never"))
    retry = RetryConfig(base_delay_ms=1, retryable_status_codes=(503,))
    done = Run(client(model_server, retry=retry))
    assert isinstance(done.error, ModelRefused)
    assert [event.status for event in done.retries] == [503]
    assert (done.error.status, len(model_server.requests)) == (500, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_connection_cut_before_any_text_is_retried(model_server: ModelServer, kind: str) -> None:
    """Nothing was delivered, so nothing can be doubled."""
    model_server.script(says("lost").cut_after(20), says("ok"))
    done = Run(client(model_server, kind))
    assert done.text == "ok"
    assert len(done.retries) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("clean", [False, True])
def test_a_cut_behind_delivered_text_is_final(
    model_server: ModelServer, kind: str, clean: bool
) -> None:
    """By a broken connection or in good form: an error with the text, and no second answer."""
    model_server.script(says("one ", "x" * 10_000).cut_after(5000, clean=clean), says("never"))
    done = Run(client(model_server, kind))
    assert isinstance(done.error, StreamInterrupted)
    assert done.text == done.error.text == done.live.partial().text == "one "
    assert len(model_server.requests) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_inside_the_stream(model_server: ModelServer, kind: str) -> None:
    """Behind text it is final; before any text an overloaded server is asked again."""
    overloaded = {"type": "overloaded_error"}
    model_server.script(error_in_stream("busy", after="half ", **overloaded))
    done = Run(client(model_server, kind))
    assert isinstance(done.error, ModelRefused)
    assert (done.text, done.error.text) == ("half ", "half ")

    model_server.script(error_in_stream("busy", **overloaded), says("ok"))
    done = Run(client(model_server, kind))
    assert done.text == "ok"
    assert [event.status for event in done.retries] == [529]


@pytest.mark.parametrize("reply", [garbage(), html(), Reply(body=b""), Reply(body=b"Hello")])
def test_bodies_that_are_no_answer(model_server: ModelServer, reply: Reply) -> None:
    """Never an empty success."""
    model_server.script(*[reply] * 4)
    assert isinstance(Run(client(model_server)).error, StreamInterrupted)


def test_a_web_page_is_named_as_such(model_server: ModelServer) -> None:
    """With what to check; once is enough."""
    model_server.script(html())
    error = Run(client(model_server)).error
    assert error is not None
    assert "web page titled 'Sign in'" in error.problem
    assert "base_url" in error.problem


def test_a_redirect_is_not_followed(model_server: ModelServer) -> None:
    """The key must not go where the user did not send it."""
    model_server.script(status(307, headers={"Location": "http://elsewhere.invalid/v1"}))
    error = Run(client(model_server)).error
    assert error is not None
    assert "elsewhere.invalid" in error.problem


# -- no server -------------------------------------------------------------------------------------


def test_connection_refused_names_the_address() -> None:
    """And is retried, because servers restart."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        done = Run(client(url, retry=RetryConfig(max_retries=1, base_delay_ms=1)))
    assert isinstance(done.error, ModelUnreachable)
    assert "refused" in done.error.problem
    assert url in done.error.problem
    assert len(done.retries) == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://no-such-host.invalid", "resolved"),
        ("127.0.0.1:8000", "http://"),
        ("ftp://h", "http://"),
        ("http://[", "cannot be formed"),
        ("http://h:port", "cannot be formed"),
    ],
)
def test_addresses_that_lead_nowhere(url: str, said: str) -> None:
    """One line that says what is wrong."""
    error = Run(client(url, retry=RetryConfig(max_retries=0))).error
    assert isinstance(error, ModelUnreachable)
    assert said in error.problem


def test_a_plain_server_behind_an_https_address(model_server: ModelServer) -> None:
    """TLS trouble is called so."""
    url = model_server.url.replace("http://", "https://")
    error = Run(client(url, retry=RetryConfig(max_retries=0))).error
    assert isinstance(error, ModelUnreachable)
    assert "secure connection" in error.problem


def test_a_silent_server(model_server: ModelServer) -> None:
    """The wait for the first byte is bounded; the error says by what."""
    model_server.script(says("late").slow_first_byte())
    model = client(model_server, read_timeout_s=0.05, retry=RetryConfig(max_retries=0))
    error = Run(model).error
    assert isinstance(error, ModelUnreachable)
    assert "nothing for 0.05 s" in error.problem


def test_a_server_that_falls_silent_in_its_answer(model_server: ModelServer) -> None:
    """Then the text so far is on the error."""
    model_server.answer_with(lambda _: says("one ", wait(), "two"))
    for limit_ms in longer_and_longer(500):
        once = RetryConfig(max_retries=0)
        error = Run(client(model_server, read_timeout_s=limit_ms / 1000, retry=once)).error
        if not isinstance(error, ModelUnreachable):  # that was too little for the first word
            break
    assert isinstance(error, StreamInterrupted)
    assert error.text == "one "


def test_a_server_that_hangs_up() -> None:
    """Without any answer; every attempt fails the same way."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            for _ in range(2):
                listener.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        done = Run(client(url, retry=RetryConfig(max_retries=1, base_delay_ms=1)))
        thread.join(DEADLINE_S)
    assert isinstance(done.error, ModelUnreachable)
    assert "2 attempts" in done.error.problem


# -- secrets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        f"Incorrect API key provided: {KEY}",
        f'{{"error": {{"message": "bad key {KEY}"}}}}',
        "query was key=sk-test-key%2Fwith%2Bodd%3Dcharacters",
        f"got header Bearer {KEY} and X-Extra: top secret",
    ],
)
def test_a_key_that_the_server_echoes_is_removed(model_server: ModelServer, body: str) -> None:
    """From the error, and from the announcement of a retry."""
    model_server.script(status(401, body=body), status(500, body=body), says("ok"))
    model = client(model_server, headers={"X-Extra": "top secret"})
    first, second = Run(model), Run(model)
    assert first.error is not None
    for text in (str(first.error), repr(first.error), second.retries[0].reason):
        assert "[redacted]" in text
        assert "sk-test" not in text
        assert "top secret" not in text


@pytest.mark.parametrize("key", ["sk-bad\nkey", "sk-kéy-☃"])
def test_a_key_that_fits_in_no_header_is_not_shown(model_server: ModelServer, key: str) -> None:
    """The error says where to look without quoting it, its causes included."""
    error: BaseException | None = Run(client(model_server, api_key=lambda: key)).error
    assert isinstance(error, ModelUnreachable)
    assert "api_key" in error.problem
    assert "sk-" not in str(error)
    assert error.__suppress_context__ or "sk-" not in str(error.__cause__)


def test_a_long_error_body_is_shortened(model_server: ModelServer) -> None:
    """To 4 KiB."""
    model_server.script(status(400, body="é" * 100_000))
    error = Run(client(model_server)).error
    assert error is not None
    assert 1000 < len(error.problem.encode()) < 5000


# -- routes ----------------------------------------------------------------------------------------


def test_proxies_of_the_environment_are_used(
    model_server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy is asked for the whole address; the own machine is always asked directly."""
    monkeypatch.setenv("http_proxy", model_server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    model_server.script(says("through the proxy"), says("directly"))
    assert Run(client("http://models.invalid")).text == "through the proxy"
    assert Run(client(model_server)).text == "directly"
    assert model_server.paths == ["http://models.invalid/v1/chat/completions", "/v1/chat/completions"]  # fmt: skip


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY"])
@pytest.mark.parametrize("without", ["no_proxy", "NO_PROXY"])
def test_proxies_are_named_in_either_case(
    model_server: ModelServer, monkeypatch: pytest.MonkeyPatch, name: str, without: str
) -> None:
    """And hosts that are excepted are asked directly."""
    for variable in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(name, model_server.url)
    monkeypatch.setenv(without, "direct.invalid")
    model_server.script(says("through the proxy"))
    assert Run(client("http://models.invalid")).text == "through the proxy"
    assert Run(client("http://direct.invalid", retry=RetryConfig(max_retries=0))).error is not None
    assert model_server.paths == ["http://models.invalid/v1/chat/completions"]


def hello() -> ModelRequest:
    """A request."""
    return ModelRequest(model="m", messages=[Message.user("hi")])


async def ignore(_events: list[AgentEvent]) -> None:
    """Take events without a look."""


def test_a_socks_proxy_without_its_package_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "socksio", None)
    run = Run(client("http://models.invalid"))
    assert isinstance(run.error, ModelUnreachable)
    assert 'pip install "a3s-kernel[socks]"' in str(run.error)
    assert "gave up" not in str(run.error)
