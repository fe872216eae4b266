"""What becomes of the parts of a result."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from a3s_code.mcp.content import MAX_IMAGES, tool_output
from a3s_code.messages import Attachment

PNG = b"\x89PNG\r\n\x1a\n" + b"rest"
IMAGE = {"type": "image", "data": base64.b64encode(PNG).decode(), "mimeType": "image/png"}


@pytest.mark.parametrize(
    ("result", "text", "exit_code"),
    [
        ({"content": []}, "", 0),
        ({}, "", 0),
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "a\nb", 0),
        ({"content": [{"type": "text", "text": "no"}], "isError": True}, "no", 1),
        ({"content": [{"type": "resource", "resource": {"uri": "x:y", "text": "t"}}]}, "t", 0),
        (
            {"content": [{"type": "resource", "resource": {"uri": "x:y", "blob": "AA=="}}]},
            "[resource: x:y]",
            0,
        ),
        ({"content": [{"type": "resource_link", "uri": "x:z"}]}, "[resource: x:z]", 0),
        ({"content": [{"type": "audio", "mimeType": "audio/wav"}]}, "[audio: audio/wav]", 0),
        ({"content": [], "structuredContent": {"a": "ä"}}, '{"a": "ä"}', 0),
    ],
)
def test_text(result: dict[str, Any], text: str, exit_code: int) -> None:
    output = tool_output(result)
    assert (output.text, output.exit_code, output.images) == (text, exit_code, ())


def test_images_stand_beside_the_text() -> None:
    output = tool_output({"content": [{"type": "text", "text": "see"}, IMAGE]})
    assert output.text == "see"
    assert output.images == (Attachment(PNG, "image/png"),)


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (IMAGE | {"mimeType": "image/jpeg"}, "declared image/jpeg"),
        (IMAGE | {"mimeType": "image/svg+xml"}, "not supported"),
        (IMAGE | {"data": "%%%"}, "not base64"),
    ],
)
def test_an_image_that_cannot_be_used_is_told(part: dict[str, Any], told: str) -> None:
    output = tool_output({"content": [part]})
    assert output.images == ()
    assert output.text.startswith("[image left out: ")
    assert told in output.text


def test_too_many_images_are_left_out() -> None:
    output = tool_output({"content": [IMAGE] * (MAX_IMAGES + 2)})
    assert len(output.images) == MAX_IMAGES
    assert output.text.count("left out") == 2
