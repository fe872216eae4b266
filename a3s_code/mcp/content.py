"""The result of an MCP tool call, as it came over the wire, brought to what tools give back."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from a3s_code.errors import InvalidArgument
from a3s_code.messages import Attachment
from a3s_code.tools.protocol import ToolOutput

MAX_IMAGES = 20


def tool_output(result: Mapping[str, Any]) -> ToolOutput:
    """Text parts joined by newlines, images beside them; `isError` makes the exit code 1.

    At most 20 images; one that cannot be used is told as a line. A result that has structured
    content only is told as JSON.
    """
    lines: list[str] = []
    images: list[Attachment] = []
    for part in result.get("content") or ():
        if part.get("type") == "image":
            _add_image(part, images, lines)
        else:
            lines.append(_text(part))
    if not lines and not images and result.get("structuredContent") is not None:
        lines.append(json.dumps(result["structuredContent"], ensure_ascii=False))
    return ToolOutput("\n".join(lines), 1 if result.get("isError") else 0, images=tuple(images))


def _add_image(part: Mapping[str, Any], images: list[Attachment], lines: list[str]) -> None:
    if len(images) == MAX_IMAGES:
        lines.append(f"[image left out: a result has at most {MAX_IMAGES}]")
        return
    try:
        data = base64.b64decode(part.get("data", ""), validate=True)
        images.append(Attachment(data, part.get("mimeType", "")))
    except binascii.Error:
        lines.append("[image left out: its data is not base64]")
    except InvalidArgument as error:
        lines.append(f"[image left out: {error.problem}]")


def _text(part: Mapping[str, Any]) -> str:
    match part.get("type"):
        case "text":
            return str(part.get("text", ""))
        case "resource":
            resource = part.get("resource") or {}
            text = resource.get("text")
            return f"[resource: {resource.get('uri')}]" if text is None else str(text)
        case "resource_link":
            return f"[resource: {part.get('uri')}]"
        case other:
            return f"[{other}: {part.get('mimeType', 'left out')}]"
