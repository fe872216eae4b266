"""What a function of the host returned, as a tool's output."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from a3s_code.messages import Attachment, image_media_type
from a3s_code.tools.protocol import ToolOutput


def output_of(result: Any) -> ToolOutput:
    """Text and `ToolOutput`s as they are, None as nothing, images as images, the rest as text.

    Images are `Attachment`s, the bytes of an image file, what shows itself as PNG as Pillow's images
    do, and lists of these with texts between them. What JSON knows becomes JSON; anything else is its own text, such as the
    table of a data frame.
    """
    if isinstance(result, ToolOutput):
        return result
    if isinstance(result, list | tuple) and any(_image(item) for item in result):
        return _mixed([output_of(item) for item in result])
    image = _image(result)
    if image is not None:
        return ToolOutput("", images=(image,))
    return ToolOutput(_text(result))


def _mixed(parts: list[ToolOutput]) -> ToolOutput:
    text = "\n".join(part.text for part in parts if part.text)
    return ToolOutput(text, images=tuple(image for part in parts for image in part.images))


def _image(value: Any) -> Attachment | None:
    if isinstance(value, Attachment):
        return value
    if isinstance(value, bytes):
        media_type = image_media_type(value)
        return Attachment(value, media_type) if media_type else None
    show = getattr(type(value), "_repr_png_", None)
    data = show(value) if callable(show) else None
    if isinstance(data, bytes) and image_media_type(data) == "image/png":
        return Attachment(data, "image/png")
    return None


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if not isinstance(value, bool | int | float | list | tuple | dict):
        plain = _plain(value)
        if isinstance(plain, str):
            return plain
        value = plain
    try:
        return json.dumps(value, ensure_ascii=False, default=_plain)
    except (
        TypeError,
        ValueError,
        RecursionError,
    ):  # keys that are no texts, or itself within itself
        return str(value)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)
