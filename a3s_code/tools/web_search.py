"""The `web_search` tool: several search engines at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from a3s_code.config.search import SearchConfig
from a3s_code.errors import ToolFailed
from a3s_code.tools.protocol import ToolContext, ToolOutput
from a3s_code.tools.search_engines import ENGINES, Engine, UnreadableAnswer
from a3s_code.tools.search_results import SearchResult, as_json, as_text, merge
from a3s_code.tools.threads import in_thread

DEFAULT_ENGINES = "ddg,wiki"
DEFAULT_LIMIT, MAX_LIMIT = 10, 50
MAX_TIMEOUT_S = 60
_MAX_BODY_BYTES = 2 * 1024 * 1024
_UNCONFIGURED = SearchConfig()


class WebSearch:
    """Search the web.

    `settings` is the `search` block of the configuration, or what the session has instead of it.
    `engines` and `allowed_hosts` let tests put servers of their own in the place of the real ones.
    """

    name = "web_search"
    read_only = True
    description = "Search the web; gives titles, addresses and snippets."
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "query": {"type": "string", "description": "What to search for."},
            "engines": {
                "type": "string",
                "description": f"Engines out of {', '.join(ENGINES)}, separated by commas; "
                f"{DEFAULT_ENGINES} by default.",
            },
            "limit": {
                "type": "integer",
                "minimum": 1,
                "description": "Most results; 10 by default, at most 50.",
            },
            "timeout": {
                "type": "integer",
                "minimum": 1,
                "description": "Seconds for each engine; 10 by default, at most 60.",
            },
            "proxy": {"type": "string", "description": "Proxy, http:// or socks5://."},
            "format": {
                "type": "string",
                "enum": ["text", "json"],
                "description": "text by default.",
            },
        },
        "required": ["query"],
        "additionalProperties": False,
        "examples": [{"query": "python asyncio timeout", "limit": 5}],
    }

    def __init__(
        self,
        settings: SearchConfig | None = None,
        *,
        engines: Mapping[str, Engine] = ENGINES,
        allowed_hosts: Collection[str] = (),
    ) -> None:
        self.settings = settings or _UNCONFIGURED
        self._engines = engines
        self._allowed_hosts = frozenset(allowed_hosts)
        self._rest: dict[str, _Rest] = {}

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """Ask all engines at the same time; one that fails is listed and does not hold the others."""
        query = args["query"].strip()
        if not query:
            raise ToolFailed("query parameter must not be empty")
        names, missing = self._usable(args.get("engines"))
        limit = min(args.get("limit", DEFAULT_LIMIT), MAX_LIMIT)
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            tasks = {name: group.create_task(self._ask(name, query, limit, args)) for name in names}
        answers = {name: task.result() for name, task in tasks.items()}
        found = {name: answer for name, answer in answers.items() if not isinstance(answer, str)}
        errors = {name: answer for name, answer in answers.items() if isinstance(answer, str)}
        errors |= dict.fromkeys(missing, "there is no such engine here")
        weights = {name: chosen.weight for name, chosen in self.settings.engines.items()}
        results = merge(found, weights)[:limit]
        metadata = {"results": len(results), "errors": errors}
        failed = int(not found)
        if args.get("format") == "json" and not failed:
            return ToolOutput(as_json(results), metadata=metadata)
        duration_ms = round((time.monotonic() - began) * 1000)
        return ToolOutput(as_text(query, results, errors, duration_ms), failed, metadata)

    def _usable(self, wanted: str | None) -> tuple[list[str], list[str]]:
        """The engines to ask, and those that do not exist. Raises `ToolFailed` when none is left."""
        configured = self.settings.engines
        if wanted is None:
            enabled = [name for name, engine in configured.items() if engine.enabled]
            wanted = ",".join(enabled) if configured else DEFAULT_ENGINES
        names = dict.fromkeys(name.strip().lower() for name in wanted.split(","))
        usable = [
            name
            for name in names
            if name in self._engines and (name not in configured or configured[name].enabled)
        ]
        if not usable:
            raise ToolFailed(f"No valid engines found in: {wanted}")
        return usable, [name for name in names if name and name not in self._engines]

    async def _ask(
        self, name: str, query: str, limit: int, args: Mapping[str, Any]
    ) -> list[SearchResult] | str:
        """The engine's results, or what went wrong."""
        rest = self._rest.setdefault(name, _Rest())
        left_s = rest.until - time.monotonic()
        if left_s > 0:
            return f"suspended for {left_s:.0f} s after repeated failures"
        try:
            results = await self._results(name, query, limit, args)
        except (ToolFailed, UnreadableAnswer) as error:
            health = self.settings.health
            if health is not None:
                rest.failed(health.max_failures, health.suspend_seconds)
            return str(error)
        rest.failures = 0
        return results

    async def _results(
        self, name: str, query: str, limit: int, args: Mapping[str, Any]
    ) -> list[SearchResult]:
        from a3s_code.tools.web_get import get_web_page

        engine = self._engines[name]
        timeout_s = self._timeout_s(name, args.get("timeout"))
        try:
            async with asyncio.timeout(timeout_s) as clock:
                _, page = await get_web_page(
                    engine.url.format(query=quote_plus(query, errors="replace"), limit=limit),
                    max_bytes=_MAX_BODY_BYTES,
                    allowed_hosts=self._allowed_hosts,
                    proxy=args.get("proxy"),
                )
        except TimeoutError:
            if not clock.expired():
                raise
            raise ToolFailed(f"timed out after {timeout_s:g} seconds") from None
        if page.status != 200:
            raise ToolFailed(f"HTTP {page.status}")
        return (await in_thread(lambda _stop: engine.read(page.body)))[:limit]

    def _timeout_s(self, name: str, wanted: int | None) -> float:
        configured = self.settings.engines.get(name)
        if wanted is None and configured is not None:
            wanted_s = configured.timeout or self.settings.timeout
        else:
            wanted_s = self.settings.timeout if wanted is None else wanted
        return min(wanted_s, MAX_TIMEOUT_S)


@dataclass(slots=True)
class _Rest:
    """Failures of an engine in a row, and until when it is left alone, by the monotonic clock."""

    failures: int = 0
    until: float = 0.0

    def failed(self, max_failures: int, suspend_s: float) -> None:
        self.failures += 1
        if self.failures >= max_failures:
            self.failures, self.until = 0, time.monotonic() + suspend_s
