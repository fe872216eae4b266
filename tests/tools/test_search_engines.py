"""How the answers of search engines are read."""

from __future__ import annotations

import pytest

from a3s_code.tools.search_engines import ENGINES, UnreadableAnswer

BRAVE = """<div id="results">
<div class="snippet" data-type="web"><a href="https://a.example/x" class="l1">
<div class="site">a.example</div><div class="title search-snippet-title">First <b>hit</b></div></a>
<div class="generic-snippet"><div class="content">About  it</div></div></div>
<div class="snippet" data-type="videos"><a href="https://v.example"><div class="title">V</div></a></div>
<div class="snippet" data-type="web"><a href="https://b.example/"><div class="title">Two</div></a></div>
</div>"""
SOGOU = """<div class="results">
<div class="vrwrap"><h3 class="vr-title"><a href="/link?url=abc">First <em>hit</em></a></h3>
<div class="fz-mid space-txt">About  it</div><div class="r-sech" data-url="https://a.example/x"></div></div>
<div class="rb"><h3 class="pt"><a href="/link?url=xyz">Two</a></h3></div>
<div class="vrwrap"><p>Others also searched</p></div></div>"""
SO360 = """<ul class="result">
<li class="res-list"><h3 class="res-title"><a href="https://www.so.com/link?m=1"
 data-mdurl="https://a.example/x">First <em>hit</em></a></h3><p class="res-desc">About  it</p></li>
<li class="res-list"><h3 class="res-title"><a href="https://b.example/">Two</a></h3></li></ul>"""


@pytest.mark.parametrize(
    ("engine", "page", "second"),
    [
        ("brave", BRAVE, "https://b.example/"),
        ("sogou", SOGOU, "https://www.sogou.com/link?url=xyz"),
        ("360", SO360, "https://b.example/"),
    ],
)
def test_pages_of_results(engine: str, page: str, second: str) -> None:
    found = ENGINES[engine].read(page.encode())
    assert [(result.title, result.url, result.content) for result in found] == [
        ("First hit", "https://a.example/x", "About it"),
        ("Two", second, ""),
    ]


@pytest.mark.parametrize(
    ("engine", "page"),
    [
        ("ddg", '<div class="no-results">No results.</div>'),
        ("brave", "<p>Your search did not match any documents</p>"),
        ("wiki", '{"query": {"search": []}}'),
        ("sogou", "<p>抱歉没有找到与 x 相关的网页</p>"),
        ("360", "<p>未找到和 x 相关的网页</p>"),
    ],
)
def test_pages_without_results(engine: str, page: str) -> None:
    assert ENGINES[engine].read(page.encode()) == []


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"query": {"search": [1]}}', b"\xff", b"<html>Are you a robot?</html>"],
)
def test_answers_in_another_form_are_an_error(engine: str, body: bytes) -> None:
    with pytest.raises(UnreadableAnswer, match="known form"):
        ENGINES[engine].read(body)


@pytest.mark.parametrize("href", ["javascript:alert(1)", "", "file:///etc/passwd", "http://[bad"])
def test_only_addresses_of_the_web_are_results(href: str) -> None:
    page = f'<li class="res-list"><h3><a href="{href}">x</a></h3></li>'
    assert ENGINES["360"].read(page.encode()) == []
