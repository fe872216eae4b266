"""The search engines: where each one is asked, and how its answer is read. A pure core.

Answers of engines without a documented interface are read from their pages. These change without
notice, so an answer in no known form is an error that says so and never an empty list.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urljoin, urlsplit

from a3s_code.tools.search_results import SearchResult

if TYPE_CHECKING:
    from bs4 import Tag


class UnreadableAnswer(ValueError):
    """An engine's answer that is not in its known form: a change, a block, or a captcha."""


@dataclass(frozen=True, slots=True)
class PageForm:
    """How a page of results is built, in CSS selectors; those of a result are relative to it.

    `title` is the text of the link where it is empty. `address` are attributes in the order in which they are looked for, on the link or anywhere in
    the result. `nothing` marks the page of a query without results, as a selector or as words.
    """

    base: str
    result: str
    link: str
    content: str
    nothing: tuple[str, ...]
    title: str = ""
    address: tuple[str, ...] = ("href",)

    def read(self, page: bytes) -> list[SearchResult]:
        """The results in their order, without those that stay within the engine. Slow for large
        pages: call it in a thread. Raises `UnreadableAnswer`.
        """
        from bs4 import BeautifulSoup

        soup = BeautifulSoup(page, "html.parser")
        blocks = soup.select(self.result)
        found = [result for block in blocks if (result := self._result(block)) is not None]
        if not blocks and not any(_occurs(mark, soup) for mark in self.nothing):
            raise UnreadableAnswer("the answer has no results in the known form")
        return found

    def _result(self, block: Tag) -> SearchResult | None:
        link = block.select_one(self.link)
        if link is None:
            return None
        url = self._address(block, link)
        if not url.startswith(("http://", "https://")) or _is_advertisement(url):
            return None
        title = block.select_one(self.title) if self.title else link
        content = block.select_one(self.content)
        return tidy(title.get_text() if title else "", url, content.get_text() if content else "")

    def _address(self, block: Tag, link: Tag) -> str:
        for attribute in self.address:
            owner = link if link.has_attr(attribute) else block.select_one(f"[{attribute}]")
            if owner is not None and owner[attribute]:
                try:
                    return _target(urljoin(self.base, str(owner[attribute])))
                except ValueError:
                    return ""
        return ""


def _occurs(mark: str, soup: Tag) -> bool:
    if mark.startswith((".", "#")):
        return soup.select_one(mark) is not None
    return mark in soup.get_text()


def _target(url: str) -> str:
    """The address behind DuckDuckGo's own redirect."""
    parts = urlsplit(url)
    target = parse_qs(parts.query).get("uddg") if parts.path == "/l/" else None
    return target[0] if target else url


def _is_advertisement(url: str) -> bool:
    return urlsplit(url).hostname in ("duckduckgo.com", "html.duckduckgo.com")


def tidy(title: str, url: str, content: str) -> SearchResult:
    """A result with single blanks in its texts."""
    return SearchResult(" ".join(title.split()), url, " ".join(content.split()))


def read_wikipedia(body: bytes) -> list[SearchResult]:
    """Results of the search of MediaWiki's `api.php` (JSON). Raises `UnreadableAnswer`."""
    try:
        return [
            tidy(
                str(entry["title"]),
                "https://en.wikipedia.org/wiki/" + quote(entry["title"].replace(" ", "_")),
                html.unescape(re.sub(r"<[^>]*>", "", str(entry["snippet"]))),
            )
            for entry in json.loads(body)["query"]["search"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableAnswer("the answer is not in the known form") from error


@dataclass(frozen=True, slots=True)
class Engine:
    """A search engine: its address with `{query}` and `{limit}`, and how its answer is read."""

    url: str
    read: Callable[[bytes], list[SearchResult]]


DUCKDUCKGO = PageForm(
    base="https://html.duckduckgo.com/html/",
    result=".result",
    link=".result__a",
    content=".result__snippet",
    nothing=(".no-results",),
)
BRAVE = PageForm(
    base="https://search.brave.com/",
    result="[data-type=web]",
    link="a[href^=http]:has(.title)",
    title=".title",
    content=".generic-snippet .content, .snippet-description, .snippet-content",
    nothing=("#no-results", "did not match any", "No results found"),
)
SOGOU = PageForm(
    base="https://www.sogou.com/",
    result=".vrwrap, .rb",
    link="h3 a",
    content=".fz-mid, .star-wiki, .str-text-info, .ft",
    nothing=("抱歉没有找到", "没有找到相关"),
    address=("data-url", "href"),
)
SO360 = PageForm(
    base="https://www.so.com/",
    result=".res-list",
    link="h3 a",
    content=".res-desc, .res-list-summary",
    nothing=("未找到和", "找不到该查询词"),
    address=("data-mdurl", "href"),
)

ENGINES: Mapping[str, Engine] = {
    "ddg": Engine("https://html.duckduckgo.com/html/?q={query}", DUCKDUCKGO.read),
    "brave": Engine("https://search.brave.com/search?q={query}&source=web", BRAVE.read),
    "wiki": Engine(
        "https://en.wikipedia.org/w/api.php?action=query&list=search&format=json"
        "&srlimit={limit}&srsearch={query}",
        read_wikipedia,
    ),
    "sogou": Engine("https://www.sogou.com/web?query={query}", SOGOU.read),
    "360": Engine("https://www.so.com/s?q={query}", SO360.read),
}
