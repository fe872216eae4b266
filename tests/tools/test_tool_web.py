"""`web_fetch` and `web_search` against a server of our own."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from a3s_code.config.search import SearchConfig, SearchEngineConfig, SearchHealthConfig
from a3s_code.tools.protocol import ToolOutput
from a3s_code.tools.search_engines import ENGINES, Engine
from a3s_code.tools.web_fetch import WebFetch
from a3s_code.tools.web_search import WebSearch
from tests.deadlines import DEADLINE_S, longer_and_longer
from tests.ports import dead_address
from tests.tools.bench import Bench
from tests.tools.fast_clock import run_fast
from tests.tools.socks_server import SocksServer
from tests.tools.web_server import Answer, WebServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    with WebServer() as running:
        yield running


@pytest.fixture
def web(bench: Bench, server: WebServer) -> Bench:
    bench.tools["web_fetch"] = WebFetch(allowed_hosts=["127.0.0.1"])
    return bench


PAGE = b"""<html><head><title>T</title><style>p {}</style><script>alert(1)</script></head>
<body><h1>Head</h1><p>Some <b>bold</b> text &amp; a <a href="/x">link</a>.</p></body></html>"""


def test_html_becomes_markdown(web: Bench, server: WebServer) -> None:
    server.answers["/"] = Answer(PAGE, headers={"Content-Type": "text/html; charset=utf-8"})
    output = web("web_fetch", url=f"{server.url}/")
    assert "# Head\n\nSome **bold** text & a [link](/x)." in output.text
    assert "alert" not in output.text
    assert output.metadata == {
        "url": f"{server.url}/",
        "content_type": "text/html; charset=utf-8",
    }


def test_html_becomes_text_or_stays(web: Bench, server: WebServer) -> None:
    server.answers["/"] = Answer(PAGE)
    text = web.text("web_fetch", url=f"{server.url}/", format="text")
    assert "bold" in text
    assert "<" not in text
    assert "alert" not in text
    assert web.text("web_fetch", url=f"{server.url}/", format="html") == PAGE.decode()


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/json", b'{"a": 1}', '{"a": 1}'),
        ("text/plain; charset=latin-1", b"caf\xe9", "café"),
        ("text/plain; charset=no-such", "café".encode(), "café"),
        ("", b"plain", "plain"),
        ("image/png", b"\x89PNG\0", "[Binary content: image/png, 5 bytes]"),
        ('text/html; charset="latin-1"', b"<p>caf\xe9</p>", "café"),
    ],
)
def test_other_content(
    web: Bench, server: WebServer, content_type: str, body: bytes, expected: str
) -> None:
    server.answers["/"] = Answer(body, headers={"Content-Type": content_type})
    assert web.text("web_fetch", url=f"{server.url}/") == expected


@pytest.mark.parametrize("charset", ["idna", "undefined", "punycode", "zlib", "x" * 99])
def test_a_charset_that_cannot_be_used(web: Bench, server: WebServer, charset: str) -> None:
    headers = {"Content-Type": f"text/plain; charset={charset}"}
    server.answers["/"] = Answer(b"a \xff b.", headers=headers)
    assert web.text("web_fetch", url=f"{server.url}/") == "a \ufffd b."


def test_a_page_that_is_nested_too_deeply(web: Bench, server: WebServer) -> None:
    server.answers["/"] = Answer(b"<div>" * 100_000)
    text = web.failure("web_fetch", url=f"{server.url}/")
    assert text == "The page is nested too deeply; ask for format html"
    assert web.text("web_fetch", url=f"{server.url}/", format="html").startswith("<div><div>")


def test_a_page_that_takes_long_to_convert_ends_with_the_time_limit(
    web: Bench, server: WebServer
) -> None:
    server.answers["/"] = Answer(b"<p>x</p>" * 600_000)
    text = web.failure("web_fetch", url=f"{server.url}/", timeout=1)
    assert text == "Web fetch timed out after 1 seconds"


def _converting() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if any("page_process" in part for part in child.cmdline()):
                found.append(child)
    return found


def test_cancelling_ends_a_conversion(web: Bench, server: WebServer) -> None:
    server.answers["/"] = Answer(b"<p>x</p>" * 600_000)

    async def until(condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not condition():
                await asyncio.sleep(0.01)

    async def scenario() -> None:
        task = asyncio.create_task(web.call("web_fetch", {"url": f"{server.url}/"}))
        await until(lambda: bool(_converting()))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: not _converting())

    asyncio.run(scenario())


def test_what_lies_in_the_current_directory_is_not_run(
    web: Bench, server: WebServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Kernels run in the folder of their notebook, which may have come from anywhere."""
    for name in ("json.py", "bs4.py", "markdownify.py"):
        (tmp_path / name).write_text("open('ran', 'w')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    server.answers["/"] = Answer(b"<p>page")
    assert web.text("web_fetch", url=f"{server.url}/") == "page"
    assert not (tmp_path / "ran").exists()


def test_a_compressed_answer_is_unpacked(web: Bench, server: WebServer) -> None:
    headers = {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
    server.answers["/"] = Answer(gzip.compress(b"packed"), headers=headers)
    assert web.text("web_fetch", url=f"{server.url}/") == "packed"


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "gzip, identity", "x"])
def test_an_answer_packed_twice_or_oddly_is_refused(
    web: Bench, server: WebServer, encoding: str
) -> None:
    """Of 1700 bytes that were packed twice could come a gigabyte."""
    packed = gzip.compress(gzip.compress(b"\0" * 1_000_000))
    server.answers["/"] = Answer(packed, headers={"Content-Encoding": encoding})
    assert web.failure("web_fetch", url=f"{server.url}/").endswith(
        "the server's answer is compressed in a way that cannot be read"
    )
    assert server.requests[0][1]["accept-encoding"] == "gzip, deflate"


def test_a_status_other_than_2xx_fails(web: Bench, server: WebServer) -> None:
    assert web.failure("web_fetch", url=f"{server.url}/no") == (
        f"HTTP 404 for URL: {server.url}/no"
    )


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_beyond_5_mib_fails(web: Bench, server: WebServer, packed: bool) -> None:
    body = b"x" * 5_242_881
    headers = {"Content-Type": "text/plain"} | ({"Content-Encoding": "gzip"} if packed else {})
    server.answers["/"] = Answer(gzip.compress(body) if packed else body, headers=headers)
    expected = "Response too large (max: 5242880 bytes)"
    assert web.failure("web_fetch", url=f"{server.url}/") == expected
    server.answers["/"] = Answer(b"x" * 5_242_880)
    web.text("web_fetch", url=f"{server.url}/", format="html")


def test_a_timeout_is_told_in_seconds(web: Bench, server: WebServer) -> None:
    server.answers["/"] = Answer(held=threading.Event())
    text = web.failure("web_fetch", url=f"{server.url}/", timeout=1)
    assert text == "Web fetch timed out after 1 seconds"


@pytest.mark.parametrize(
    ("args", "seconds"), [({}, 30), ({"timeout": 120}, 120), ({"timeout": 121}, 120)]
)
def test_the_documented_timeout_of_a_page(
    web: Bench, server: WebServer, args: dict[str, int], seconds: int
) -> None:
    server.answers["/"] = Answer(held=threading.Event())
    output = run_fast(web.call("web_fetch", {"url": f"{server.url}/"} | args))
    assert output == ToolOutput(f"Web fetch timed out after {seconds} seconds", 1)


def test_redirects_are_followed_up_to_ten(web: Bench, server: WebServer) -> None:
    for number in range(11):
        server.answers[f"/{number}"] = Answer(status=302, headers={"Location": f"/{number + 1}"})
    server.answers["/11"] = Answer(b"end", headers={"Content-Type": "text/plain"})
    output = web("web_fetch", url=f"{server.url}/1")
    assert output.text == "end"
    assert output.metadata is not None
    assert output.metadata["url"] == f"{server.url}/11"
    assert web.failure("web_fetch", url=f"{server.url}/0") == "Too many redirects (max: 10)"


@pytest.mark.parametrize(
    "target", ["http://localhost:{port}/secret", "http://[::1]:{port}/secret", "file:///etc/passwd"]
)
def test_a_redirect_to_another_local_host_is_refused(
    web: Bench, server: WebServer, target: str
) -> None:
    """Only 127.0.0.1 is allowed here, and each hop is judged anew."""
    location = target.format(port=server.port)
    server.answers["/"] = Answer(status=302, headers={"Location": location})
    server.answers["/secret"] = Answer(b"secret")
    assert "secret" not in web.failure("web_fetch", url=f"{server.url}/")
    assert [path for path, _ in server.requests] == ["/"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]"]
)
def test_without_an_exception_the_own_machine_is_refused(
    bench: Bench, server: WebServer, host: str
) -> None:
    text = bench.failure("web_fetch", url=f"http://{host}:{server.port}/")
    assert text.endswith("is a private or local address") or "cannot be resolved" in text
    assert server.requests == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "example.com", "http://u:p@127.0.0.1/"])
def test_other_addresses_are_refused(web: Bench, url: str) -> None:
    assert "URL must" in web.failure("web_fetch", url=url)


def test_the_host_header_names_the_host_while_the_address_is_the_checked_one(
    bench: Bench, server: WebServer
) -> None:
    bench.tools["web_fetch"] = WebFetch(allowed_hosts=["localhost"])
    server.answers["/"] = Answer(b"x", headers={"Content-Type": "text/plain"})
    assert bench.text("web_fetch", url=f"http://localhost:{server.port}/") == "x"
    assert server.requests[0][1]["host"] == f"localhost:{server.port}"


def test_cookies_are_not_kept(web: Bench, server: WebServer) -> None:
    headers = {"Set-Cookie": "a=b", "Location": "/two"}
    server.answers["/one"] = Answer(status=302, headers=headers)
    server.answers["/two"] = Answer(b"x")
    web.text("web_fetch", url=f"{server.url}/one")
    assert "cookie" not in server.requests[-1][1]


def test_the_user_s_proxy_is_used_and_local_names_are_still_refused(
    bench: Bench, server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    server.answers["http://example.com/"] = Answer(b"by proxy", headers={"Content-Type": ""})
    assert bench.text("web_fetch", url="http://example.com/") == "by proxy"
    bench.failure("web_fetch", url="http://router/")
    bench.failure("web_fetch", url="http://10.0.0.1/")
    assert len(server.requests) == 1


def test_nobody_at_the_address(web: Bench, server: WebServer) -> None:
    with dead_address() as url:
        assert web.failure("web_fetch", url=url).startswith(f"Failed to fetch {url}: ")


def test_cancelling_closes_the_connection(web: Bench, server: WebServer) -> None:
    server.answers["/"] = Answer(held=threading.Event())

    async def scenario() -> None:
        task = asyncio.create_task(web.call("web_fetch", {"url": f"{server.url}/"}))
        async with asyncio.timeout(DEADLINE_S):
            while not server.requests:
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())


# -- web_search ----------------------------------------------------------------------------------------

DDG = b"""<div class="result results_links web-result"><h2 class="result__title">
<a rel="nofollow" class="result__a" href="//duckduckgo.com/l/?uddg=https%3A%2F%2Fa.example%2F%3Fq%3D1&amp;rut=x">
First <b>hit</b></a></h2>
<a class="result__snippet" href="x">A &amp; <b>snippet</b></a></div>
<div class="result result--ad"><a class="result__a" href="https://duckduckgo.com/y.js?ad=1">Ad</a></div>
<div class="result"><a class="result__a" href="https://en.wikipedia.org/wiki/Two_words">Both</a></div>"""
WIKI = json.dumps(
    {
        "query": {
            "search": [
                {
                    "title": "Two words",
                    "snippet": 'The <span class="m">two</span> &quot;words&quot;',
                },
                {"title": "C#", "snippet": ""},
            ]
        }
    }
).encode()


def _search(
    bench: Bench, server: WebServer, settings: SearchConfig | None = None, **args: Any
) -> ToolOutput:
    if not isinstance(bench.tools.get("web_search"), WebSearch) or settings is not None:
        bench.tools["web_search"] = _tool(server, settings)
    return bench("web_search", **args)


def _tool(server: WebServer, settings: SearchConfig | None) -> WebSearch:
    engines = {
        name: Engine(f"{server.url}/{name}?q={{query}}&n={{limit}}", engine.read)
        for name, engine in ENGINES.items()
    }
    return WebSearch(settings, engines=engines, allowed_hosts=["127.0.0.1"])


@pytest.fixture
def engines(bench: Bench, server: WebServer) -> WebServer:
    server.answers["/ddg"] = Answer(DDG)
    server.answers["/wiki"] = Answer(WIKI, headers={"Content-Type": "application/json"})
    bench.tools["web_search"] = _tool(server, None)
    return server


def test_results_of_all_engines_are_merged(bench: Bench, engines: WebServer) -> None:
    output = bench("web_search", query="two & words")
    first, _, rest = output.text.partition("\n")
    assert first.startswith('Search results for "two & words" (3 results, ')
    assert first.endswith("ms):")
    assert rest == (
        "\n1. Both\n   URL: https://en.wikipedia.org/wiki/Two_words\n"
        '   The two "words"\n   (via ddg, wiki)\n'
        "\n2. First hit\n   URL: https://a.example/?q=1\n   A & snippet\n   (via ddg)\n"
        "\n3. C#\n   URL: https://en.wikipedia.org/wiki/C%23\n   (via wiki)"
    )
    assert {path for path, _ in engines.requests} == {
        "/ddg?q=two+%26+words&n=10",
        "/wiki?q=two+%26+words&n=10",
    }


def test_a_query_that_is_no_unicode(bench: Bench, engines: WebServer) -> None:
    assert "Two words" in bench.text("web_search", query="a\ud800", engines="wiki")
    assert [path for path, _ in engines.requests] == ["/wiki?q=a%3F&n=10"]


def test_json(bench: Bench, engines: WebServer) -> None:
    text = bench.text("web_search", query="x", engine="wiki", format="json", limit=1)
    assert json.loads(text) == [
        {
            "title": "Two words",
            "url": "https://en.wikipedia.org/wiki/Two_words",
            "content": 'The two "words"',
            "engines": ["wiki"],
            "score": 1.0,
        }
    ]


@pytest.mark.parametrize(("limit", "asked"), [({}, 10), ({"limit": 3}, 3), ({"limit": 99}, 50)])
def test_how_many_results_are_asked_for(
    bench: Bench, engines: WebServer, limit: dict[str, int], asked: int
) -> None:
    hits = [{"title": f"T{number}", "snippet": ""} for number in range(60)]
    engines.answers["/wiki"] = Answer(json.dumps({"query": {"search": hits}}).encode())
    text = bench.text("web_search", query="x", engines="wiki", format="json", **limit)
    assert len(json.loads(text)) == asked
    assert [path for path, _ in engines.requests] == [f"/wiki?q=x&n={asked}"]


@pytest.mark.parametrize(
    ("settings", "args", "seconds"),
    [
        (SearchConfig(), {}, 10),
        (SearchConfig(timeout=25), {}, 25),
        (SearchConfig(timeout=25), {"timeout": 7}, 7),
        (SearchConfig(timeout=61), {}, 60),
        (SearchConfig(), {"timeout": 61}, 60),
    ],
)
def test_the_documented_timeout_of_a_search(
    bench: Bench, server: WebServer, settings: SearchConfig, args: dict[str, int], seconds: int
) -> None:
    server.answers["/wiki"] = Answer(held=threading.Event())
    bench.tools["web_search"] = _tool(server, settings)
    output = run_fast(bench.call("web_search", {"query": "x", "engines": "wiki"} | args))
    assert output.text.endswith(f"- wiki: timed out after {seconds} seconds")


def test_the_documented_engines(bench: Bench, engines: WebServer) -> None:
    bench("web_search", query="x", engines="ddg,brave, wiki ,sogou,360,google,baidu,bing_cn")
    asked = sorted(path.partition("?")[0] for path, _ in engines.requests)
    assert asked == ["/360", "/brave", "/ddg", "/sogou", "/wiki"]


@pytest.fixture
def behind_a_proxy(bench: Bench) -> Bench:
    """An engine under a name that only a proxy knows."""
    wiki = Engine("http://engine.example/?q={query}", ENGINES["wiki"].read)
    bench.tools["web_search"] = WebSearch(engines={"wiki": wiki}, allowed_hosts=["127.0.0.1"])
    return bench


def test_an_http_proxy(behind_a_proxy: Bench, server: WebServer) -> None:
    server.answers["http://engine.example/"] = Answer(WIKI)
    text = behind_a_proxy.text("web_search", query="x", engines="wiki", proxy=server.url)
    assert "1. Two words\n" in text
    assert [path for path, _ in server.requests] == ["http://engine.example/?q=x"]


def test_a_socks_proxy(behind_a_proxy: Bench, server: WebServer) -> None:
    pytest.importorskip("socksio", reason='the extra "socks" is not installed')
    server.answers["/"] = Answer(WIKI)
    with SocksServer(server.port) as socks:
        text = behind_a_proxy.text("web_search", query="x", engines="wiki", proxy=socks.url)
    assert "1. Two words\n" in text
    assert socks.targets == [("engine.example", 80)]


def test_a_socks_proxy_without_its_package(
    behind_a_proxy: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    text = behind_a_proxy.failure(
        "web_search", query="x", engines="wiki", proxy="socks5://127.0.0.1:9"
    )
    assert text.endswith(
        'SOCKS proxies need a package that is not installed: pip install "a3s-kernel[socks]"'
    )


def test_other_proxies_are_refused(bench: Bench, engines: WebServer) -> None:
    output = bench("web_search", query="x", engines="wiki", proxy="ftp://example.com")
    assert output.text.endswith("- wiki: proxy must start with http:// or socks5://")
    assert engines.requests == []


def test_an_engine_that_fails_is_listed(bench: Bench, engines: WebServer) -> None:
    engines.answers["/ddg"] = Answer(b"<html>captcha</html>")
    output = bench("web_search", query="x")
    assert output.exit_code == 0
    assert output.text.endswith(
        "\n\nEngine errors:\n- ddg: the answer has no results in the known form"
    )


def test_when_all_fail_the_search_fails(bench: Bench, engines: WebServer) -> None:
    engines.answers.clear()
    output = bench("web_search", query="x")
    assert output.exit_code == 1
    assert "- ddg: HTTP 404\n- wiki: HTTP 404" in output.text


def test_no_results(bench: Bench, engines: WebServer) -> None:
    engines.answers["/ddg"] = Answer(b'<div class="no-results">nothing</div>')
    engines.answers["/wiki"] = Answer(b'{"query": {"search": []}}')
    assert bench.text("web_search", query="x") == 'No results found for query: "x"'


def test_an_engine_that_is_slow_does_not_hold_the_others(bench: Bench, engines: WebServer) -> None:
    engines.answers["/ddg"] = Answer(held=threading.Event())
    for limit_ms in longer_and_longer(1000):
        output = bench("web_search", query="x", timeout=limit_ms // 1000)
        if "Two words" in output.text:
            break
    assert output.text.endswith(f"- ddg: timed out after {min(60, limit_ms // 1000)} seconds")


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ({"query": " "}, "query parameter must not be empty"),
        (
            {"query": "x", "engines": "google, bing_cn"},
            "No valid engines found in: google, bing_cn",
        ),
        ({"query": "x", "format": "xml"}, "format parameter must be one of text, json"),
    ],
)
def test_arguments(bench: Bench, engines: WebServer, args: dict[str, Any], problem: str) -> None:
    assert bench.failure("web_search", **args) == problem
    assert engines.requests == []


def test_a_proxy_on_the_own_machine_is_refused(bench: Bench, server: WebServer) -> None:
    """The argument comes from the model, which could reach local services through it."""
    output = bench("web_search", query="x", proxy=server.url)
    assert output.exit_code == 1
    assert "Refused: 127.0.0.1" in output.text
    assert server.requests == []


def test_the_configuration_chooses_engines(bench: Bench, server: WebServer) -> None:
    server.answers["/wiki"] = Answer(WIKI)
    settings = SearchConfig(
        engines={
            "wiki": SearchEngineConfig(weight=2.0),
            "ddg": SearchEngineConfig(enabled=False),
        }
    )
    output = _search(bench, server, settings, query="x", format="json")
    assert json.loads(output.text)[0]["score"] == 2.0
    assert [path.partition("?")[0] for path, _ in server.requests] == ["/wiki"]
    assert _search(bench, server, query="x", engines="ddg").text == (
        "No valid engines found in: ddg"
    )


def test_an_engine_that_does_not_exist_is_listed(bench: Bench, engines: WebServer) -> None:
    output = bench("web_search", query="x", engines="wiki,google")
    assert output.exit_code == 0
    assert output.text.endswith("Engine errors:\n- google: there is no such engine here")


def test_an_engine_has_a_time_limit_of_its_own(bench: Bench, server: WebServer) -> None:
    server.answers["/wiki"] = Answer(WIKI)
    server.answers["/ddg"] = Answer(held=threading.Event())
    settings = SearchConfig(timeout=30)
    settings.set_engine("ddg", SearchEngineConfig(timeout=0.2))
    settings.set_engine("wiki", {"weight": 1})
    text = _search(bench, server, settings, query="x").text
    assert "Two words" in text
    assert text.endswith("- ddg: timed out after 0.2 seconds")


def test_an_engine_rests_after_failures_in_a_row(bench: Bench, server: WebServer) -> None:
    settings = SearchConfig(health=SearchHealthConfig(max_failures=2, suspend_seconds=90_000))
    bench.tools["web_search"] = _tool(server, settings)
    for _ in range(3):
        output = _search(bench, server, query="x", engines="wiki")
    assert len(server.requests) == 2
    rest = re.search(r"wiki: suspended for (\d+) s after repeated failures", output.text)
    assert rest is not None
    assert 80_000 < int(rest[1]) <= 90_000


def test_an_engine_that_has_rested_is_asked_again(bench: Bench, server: WebServer) -> None:
    settings = SearchConfig(health=SearchHealthConfig(max_failures=1, suspend_seconds=0))
    bench.tools["web_search"] = _tool(server, settings)
    for _ in range(3):
        _search(bench, server, query="x", engines="wiki")
    assert len(server.requests) == 3
