"""Results of web searches: read from the engines' answers, merged, shown. A pure core."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qs, quote, urlsplit


@dataclass(slots=True)
class SearchResult:
    """One result; `engines` are those that gave it, `score` grows with rank and weight."""

    title: str
    url: str
    content: str
    engines: list[str] = field(default_factory=list)
    score: float = 0.0


class UnreadableAnswer(ValueError):
    """An engine's answer that is not in its known form: a change, a block, or a captcha."""


class _DuckDuckGo(HTMLParser):
    """Titles, links and snippets of DuckDuckGo's page without scripts; advertisements are dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.results: list[SearchResult] = []
        self.empty = False
        self._into: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        classes = attributes.get("class", "").split()
        self.empty |= "no-results" in classes
        if "result__a" in classes:
            url = _target(attributes.get("href", ""))
            self.results.append(SearchResult("", url, ""))
            self._into = "title"
        elif "result__snippet" in classes and self.results:
            self._into = "content"

    def handle_endtag(self, tag: str) -> None:
        if tag in ("a", "div", "td"):
            self._into = None

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            result = self.results[-1]
            setattr(result, self._into, getattr(result, self._into) + data)


def _target(href: str) -> str:
    """The address behind DuckDuckGo's own redirect."""
    target = parse_qs(urlsplit(href).query).get("uddg")
    return target[0] if target else href


def read_duckduckgo(body: bytes) -> list[SearchResult]:
    """Results of `html.duckduckgo.com/html/`. Raises `UnreadableAnswer`."""
    parser = _DuckDuckGo()
    parser.feed(body.decode("utf-8", "replace"))
    parser.close()
    if not parser.results and not parser.empty:
        raise UnreadableAnswer("the answer has no results in the known form")
    found = [_tidy(result) for result in parser.results]
    return [
        result
        for result in found
        if result.url.startswith(("http://", "https://"))
        and urlsplit(result.url).hostname not in ("duckduckgo.com", "html.duckduckgo.com")
    ]


def read_wikipedia(body: bytes) -> list[SearchResult]:
    """Results of the search of MediaWiki's `api.php` (JSON). Raises `UnreadableAnswer`."""
    try:
        entries = json.loads(body)["query"]["search"]
        return [
            _tidy(
                SearchResult(
                    str(entry["title"]),
                    "https://en.wikipedia.org/wiki/" + quote(entry["title"].replace(" ", "_")),
                    html.unescape(re.sub(r"<[^>]*>", "", str(entry["snippet"]))),
                )
            )
            for entry in entries
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableAnswer("the answer is not in the known form") from error


def _tidy(result: SearchResult) -> SearchResult:
    return SearchResult(
        " ".join(result.title.split()), result.url, " ".join(result.content.split())
    )


def merge(
    found: Mapping[str, Sequence[SearchResult]], weights: Mapping[str, float]
) -> list[SearchResult]:
    """Results of several engines, each address once, the best first.

    A result scores the engine's weight divided by its rank, summed over the engines.
    """
    merged: dict[str, SearchResult] = {}
    for engine, results in found.items():
        for rank, result in enumerate(results, 1):
            kept = merged.setdefault(
                result.url.rstrip("/"), SearchResult(result.title, result.url, result.content)
            )
            if engine not in kept.engines:
                kept.engines.append(engine)
                kept.score += weights.get(engine, 1.0) / rank
            kept.content = kept.content or result.content
    return sorted(merged.values(), key=lambda result: -result.score)


def as_text(
    query: str, results: Sequence[SearchResult], errors: Mapping[str, str], duration_ms: int
) -> str:
    """The documented layout for the model."""
    lines = [f'Search results for "{query}" ({len(results)} results, {duration_ms}ms):', ""]
    for number, result in enumerate(results, 1):
        lines += [f"{number}. {result.title}", f"   URL: {result.url}"]
        lines += [f"   {result.content}"] if result.content else []
        lines += [f"   (via {', '.join(result.engines)})", ""]
    if not results:
        lines = [f'No results found for query: "{query}"', ""]
    if errors:
        lines += ["Engine errors:", *(f"- {name}: {problem}" for name, problem in errors.items())]
    return "\n".join(lines).rstrip("\n")


def as_json(results: Sequence[SearchResult]) -> str:
    """The results as a JSON array of objects."""
    items = [
        {
            "title": result.title,
            "url": result.url,
            "content": result.content,
            "engines": result.engines,
            "score": result.score,
        }
        for result in results
    ]
    return json.dumps(items, ensure_ascii=False, indent=2)
