"""Results of web searches, merged and shown. A pure core."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class SearchResult:
    """One result; `engines` are those that gave it, `score` grows with rank and weight."""

    title: str
    url: str
    content: str
    engines: list[str] = field(default_factory=list)
    score: float = 0.0


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
