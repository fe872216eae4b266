"""The `web_fetch` tool: one page of the public web."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from a3s_code.errors import ToolFailed
from a3s_code.tools.page_conversion import page_as_text
from a3s_code.tools.protocol import ToolContext, ToolOutput
from a3s_code.tools.web_address import BadAddress, host_and_port

MAX_BODY_BYTES = 5 * 1024 * 1024
DEFAULT_TIMEOUT_S = 30
MAX_TIMEOUT_S = 120


class WebFetch:
    """Fetch a page. `allowed_hosts` may be reached although they are private (for tests)."""

    name = "web_fetch"
    read_only = False
    description = (
        "Fetch a page of the web by its address. HTML is converted to Markdown unless another "
        "format is asked for. Private and local addresses are refused."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "url": {"type": "string", "description": "Address, with http:// or https://."},
            "format": {
                "type": "string",
                "enum": ["markdown", "text", "html"],
                "description": "markdown by default.",
            },
            "timeout": {
                "type": "integer",
                "minimum": 1,
                "description": "Seconds; 30 by default, at most 120.",
            },
        },
        "required": ["url"],
        "additionalProperties": False,
        "examples": [{"url": "https://example.com/", "format": "text"}],
    }

    def __init__(self, allowed_hosts: Collection[str] = ()) -> None:
        self._allowed_hosts = frozenset(allowed_hosts)

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """Fetch and convert, both within the time limit."""
        url, form = args["url"], args.get("format", "markdown")
        timeout_s = min(args.get("timeout", DEFAULT_TIMEOUT_S), MAX_TIMEOUT_S)
        try:
            host_and_port(url)
        except BadAddress as error:
            raise ToolFailed(str(error)) from None
        try:
            async with asyncio.timeout(timeout_s) as limit:
                return await self._fetched(url, form)
        except TimeoutError:
            if not limit.expired():
                raise
            raise ToolFailed(f"Web fetch timed out after {timeout_s} seconds") from None

    async def _fetched(self, url: str, form: str) -> ToolOutput:
        from a3s_code.tools.web_get import get_web_page

        final_url, page = await get_web_page(
            url, max_bytes=MAX_BODY_BYTES, allowed_hosts=self._allowed_hosts
        )
        if not 200 <= page.status < 300:
            raise ToolFailed(f"HTTP {page.status} for URL: {final_url}")
        if not page.complete:
            raise ToolFailed(f"Response too large (max: {MAX_BODY_BYTES} bytes)")
        content_type = page.headers.get("content-type", "")
        text = await page_as_text(page.body, content_type, form)
        return ToolOutput(text, metadata={"url": final_url, "content_type": content_type})
