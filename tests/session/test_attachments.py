"""Images on their way to the model, and from tools."""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

from a3s_code import Agent, Attachment, InvalidArgument
from a3s_code.messages import Message
from tests.model_server import ModelServer, agent_hcl, calls, says
from tests.session.conftest import NewSession


def png() -> bytes:
    """The smallest picture: one red pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00\xff\x00\x00")
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


PNG = png()
BASE64 = base64.b64encode(PNG).decode()


@pytest.mark.parametrize("form", ["object", "dict", "file"])
@pytest.mark.parametrize("way", ["send", "stream"])
def test_images_come_before_the_text_in_each_protocol(
    model_server: ModelServer,
    new_session: NewSession,
    kind: str,
    tmp_path: Path,
    form: str,
    way: str,
) -> None:
    (tmp_path / "a.PNG").write_bytes(PNG)
    attachment: Any = {
        "object": Attachment.png(PNG),
        "dict": {"data": PNG, "media_type": "image/png"},
        "file": Attachment.from_file(tmp_path / "a.PNG"),
    }[form]
    model_server.script(says("Red."))
    session = new_session(kind)
    if way == "send":
        assert session.send_with_attachments("What colour?", [attachment]).text == "Red."
    else:
        assert [*session.stream_with_attachments("What colour?", [attachment])][-1].text == "Red."
    content = model_server.requests[0]["messages"][-1]["content"]
    image: dict[str, Any] = {
        "openai": {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{BASE64}"}},
        "anthropic": {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": BASE64},
        },
    }[kind]
    assert content[0] == image
    assert content[1]["text"] == "What colour?"
    saved = session.history()[0]["content"]
    assert [block["type"] for block in saved] == ["image", "text"]


def test_a_history_may_be_brought_along(model_server: ModelServer, new_session: NewSession) -> None:
    model_server.script(says("Own."), says("Red."), says("Blue."))
    session = new_session()
    session.send("mine")
    own, brought = session.history(), [{"role": "user", "content": "theirs"}]
    result = session.send_with_attachments("look", [Attachment.png(PNG)], brought)
    assert (result.text, len(result.messages)) == ("Red.", 3)
    stream = session.stream_with_attachments("look", [Attachment.png(PNG)], brought)
    assert list(stream)[-1].text == "Blue."
    for request in model_server.requests[1:]:
        assert "theirs" in str(request["messages"])
        assert "mine" not in str(request["messages"])
    assert session.history() == own


def test_an_image_may_stand_without_text(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("Red."))
    assert new_session().send_with_attachments("", [Attachment.png(PNG)]).text == "Red."


def test_an_image_that_a_tool_read_goes_to_the_model(
    model_server: ModelServer, new_session: NewSession, kind: str, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    model_server.script(calls("read", id="c1", file_path="a.png"), says("Red."))
    session = new_session(kind)
    session.send("look")
    messages = model_server.requests[1]["messages"]
    assert BASE64 in str(messages[-1])
    assert messages[-1]["role"] == "user"
    if kind == "openai":
        assert messages[-2]["role"] == "tool"
        assert BASE64 not in str(messages[-2])
    result = session.history()[2]["content"][0]
    assert [block["type"] for block in result["content"]] == ["text", "image"]


def test_a_model_without_vision_gets_the_text_only(
    model_server: ModelServer, tmp_path: Path, kind: str
) -> None:
    """Of a tool's image as of one that an earlier model could see; the conversation keeps both."""
    (tmp_path / "a.png").write_bytes(PNG)
    blind = agent_hcl(model_server, kind).replace("attachment = true", "")
    seen = Message.user("look", [Attachment.png(PNG)]).to_dict()
    model_server.script(calls("read", id="c1", file_path="a.png"), says("Red."))
    with Agent.create(blind).session(tmp_path, permissive=True) as session:
        result = session.send("read it", history=[seen])
    for request in model_server.requests:
        assert BASE64 not in str(request)
        assert "[An image that this model cannot take]" in str(request)
    assert f"[Image a.png: image/png, {len(PNG)} bytes]" in str(model_server.requests[1])
    assert str(result.messages).count(BASE64) == 2


def test_a_model_without_vision_is_refused_before_anything_is_sent(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = new_session(
        model_lines='headers = {}\n }\n models { id = "blind"', model="openai/blind"
    )
    for call in (session.send_with_attachments, session.stream_with_attachments):
        with pytest.raises(InvalidArgument, match="openai/blind does not accept images"):
            call("look", [Attachment.png(PNG)])
    assert model_server.requests == []
    assert session.history() == []


@pytest.mark.parametrize(
    ("data", "media_type", "problem"),
    [
        (PNG, "image/jpeg", "its content is image/png"),
        (b"GIF89a", "image/png", "its content is image/gif"),
        (b"", "image/png", "empty"),
        (PNG, "application/pdf", "not supported"),
        (b"no image", "image/webp", "no supported image"),
        (b"\x89PNG\r\n\x1a\n" + bytes(16 * 1024 * 1024), "image/png", "limit"),
        ("text", "image/png", "bytes"),
    ],
)
def test_what_is_no_image_is_refused(data: Any, media_type: str, problem: str) -> None:
    with pytest.raises(InvalidArgument, match=problem):
        Attachment(data, media_type)


def test_shortcuts_and_files(tmp_path: Path) -> None:
    assert Attachment.gif(b"GIF89a").media_type == "image/gif"
    assert Attachment.jpeg(b"\xff\xd8\xff").media_type == "image/jpeg"
    assert Attachment.webp(b"RIFF0000WEBP").media_type == "image/webp"
    assert "bytes" in repr(Attachment.png(PNG))
    with pytest.raises(InvalidArgument, match=r"nowhere\.png"):
        Attachment.from_file(tmp_path / "nowhere.png")
    with pytest.raises(InvalidArgument, match=r"a\.bmp"):
        Attachment.from_file(tmp_path / "a.bmp")


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.jpg", b"\xff\xd8\xff", "image/jpeg"),
        ("a.JPEG", b"\xff\xd8\xff", "image/jpeg"),
        ("a.Png", PNG, "image/png"),
        ("a.gif", b"GIF89a", "image/gif"),
        ("a.webp", b"RIFF0000WEBP", "image/webp"),
    ],
)
def test_the_extension_tells_the_format(
    tmp_path: Path, name: str, data: bytes, media_type: str
) -> None:
    (tmp_path / name).write_bytes(data)
    attachment = Attachment.from_file(str(tmp_path / name))
    assert (attachment.media_type, attachment.data) == (media_type, data)


def test_a_prompt_with_an_image_can_be_cancelled(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("word ").endless())
    session = new_session()
    for event in session.stream_with_attachments("go", [Attachment.png(PNG)]):
        if event.event_type == "text_delta":
            session.cancel()
    assert (event.event_type, event.cancelled) == ("end", True)
    assert [message["role"] for message in session.history()] == ["user", "assistant"]
