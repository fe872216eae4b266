"""Messages of a conversation: immutable blocks, and their documented dictionary form."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from a3s_code import checks
from a3s_code.errors import InvalidArgument, InvalidHistory

Role = Literal["user", "assistant"]

MAX_ATTACHMENT_BYTES = 16 * 1024 * 1024

_SUFFIXES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
IMAGE_MEDIA_TYPES = frozenset(_SUFFIXES.values())


def image_media_type(data: bytes) -> str | None:
    """Media type told by the first bytes of an image; None when it is none of the four formats."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


@dataclass(frozen=True, slots=True)
class Attachment:
    """An image to send along: JPEG, PNG, GIF or WebP, not empty, at most 16 MiB.

    Raises `InvalidArgument` (a `ValueError`) when size, declared type or content do not fit.
    """

    data: bytes
    media_type: str

    def __post_init__(self) -> None:
        if not isinstance(self.data, bytes):
            raise InvalidArgument(f"attachment data must be bytes, not {type(self.data).__name__}")
        if self.media_type not in IMAGE_MEDIA_TYPES:
            raise InvalidArgument(
                f"attachment media_type {self.media_type!r} is not supported; "
                f"use one of {', '.join(sorted(IMAGE_MEDIA_TYPES))}"
            )
        if not self.data:
            raise InvalidArgument("attachment data is empty")
        if len(self.data) > MAX_ATTACHMENT_BYTES:
            raise InvalidArgument(
                f"attachment has {len(self.data)} bytes, the limit is {MAX_ATTACHMENT_BYTES}"
            )
        found = image_media_type(self.data)
        if found != self.media_type:
            raise InvalidArgument(
                f"attachment is declared {self.media_type} but its content is "
                f"{found or 'no supported image'}"
            )

    def __repr__(self) -> str:
        return f"Attachment(<{len(self.data)} bytes>, media_type={self.media_type!r})"

    @classmethod
    def from_file(cls, path: str | Path) -> Attachment:
        """Read an image file; the extension (any case) tells the type and the content must agree."""
        file = Path(checks.path("path", path)).expanduser()
        media_type = _SUFFIXES.get(file.suffix.lower())
        if media_type is None:
            raise InvalidArgument(
                f"attachment {str(path)!r} has an unsupported extension; "
                f"use one of {', '.join(sorted(_SUFFIXES))}"
            )
        try:
            data = file.read_bytes()
        except OSError as error:
            raise InvalidArgument(
                f"attachment {str(path)!r} cannot be read: {error.strerror}"
            ) from error
        try:
            return cls(data, media_type)
        except InvalidArgument as error:
            raise InvalidArgument(f"{path}: {error.problem}") from error

    @classmethod
    def from_bytes(cls, data: bytes) -> Attachment:
        """An attachment whose type its first bytes tell. Raises `InvalidArgument` for other bytes."""
        return cls(data, image_media_type(data) or "unknown")

    @classmethod
    def coerce(cls, value: Attachment | Mapping[str, Any]) -> Attachment:
        """An attachment from itself or from `{"data": bytes, "media_type": str}`."""
        if isinstance(value, Attachment):
            return value
        if not isinstance(value, Mapping):
            raise InvalidArgument(
                f"an attachment must be an Attachment or a dict, not {type(value).__name__}"
            )
        for key in ("data", "media_type"):
            if key not in value:
                raise InvalidArgument(f"attachment without {key!r}")
        return cls(value["data"], value["media_type"])

    @classmethod
    def jpeg(cls, data: bytes) -> Attachment:
        """JPEG bytes as an attachment."""
        return cls(data, "image/jpeg")

    @classmethod
    def png(cls, data: bytes) -> Attachment:
        """PNG bytes as an attachment."""
        return cls(data, "image/png")

    @classmethod
    def gif(cls, data: bytes) -> Attachment:
        """GIF bytes as an attachment."""
        return cls(data, "image/gif")

    @classmethod
    def webp(cls, data: bytes) -> Attachment:
        """WebP bytes as an attachment."""
        return cls(data, "image/webp")


# -- blocks ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Text of a user or of the assistant."""

    text: str


@dataclass(frozen=True, slots=True)
class ImageBlock:
    """An image; `data` is base64 text, the form in which it is sent and saved."""

    media_type: str
    data: str

    @classmethod
    def of(cls, attachment: Attachment) -> ImageBlock:
        """The block that carries an attachment."""
        return cls(attachment.media_type, base64.b64encode(attachment.data).decode("ascii"))


@dataclass(frozen=True, slots=True)
class ThinkingBlock:
    """A provider's thinking with the signature it wants back unchanged.

    `redacted` is the opaque payload of a block whose text the provider withheld; `text` is then "".
    Source: Anthropic Messages API, extended thinking with tool use.
    """

    text: str
    signature: str = ""
    redacted: str = ""


@dataclass(frozen=True, slots=True)
class ToolUseBlock:
    """A tool call of the model. Arguments that were no JSON object arrive as `__parse_error`."""

    id: str
    name: str
    input: Mapping[str, Any]

    @property
    def parse_error(self) -> str | None:
        """Why the argument text could not be read, None when it could."""
        error = self.input.get("__parse_error")
        return error if isinstance(error, str) else None


@dataclass(frozen=True, slots=True)
class ToolResultBlock:
    """The answer to the tool call with id `tool_use_id`: plain text, or text and images."""

    tool_use_id: str
    content: str | tuple[TextBlock | ImageBlock, ...]
    is_error: bool = False

    @property
    def text(self) -> str:
        """The text parts, joined by newlines."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content if isinstance(part, TextBlock))

    @property
    def images(self) -> tuple[ImageBlock, ...]:
        """The image parts."""
        if isinstance(self.content, str):
            return ()
        return tuple(part for part in self.content if isinstance(part, ImageBlock))


Block = TextBlock | ImageBlock | ThinkingBlock | ToolUseBlock | ToolResultBlock


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `reasoning_content` is thinking that an OpenAI-compatible server sent as text."""

    role: Role
    content: tuple[Block, ...]
    reasoning_content: str | None = None

    @classmethod
    def user(cls, text: str, images: Iterable[Attachment] = ()) -> Message:
        """A user's message: images first, then the text (none when it is empty)."""
        blocks: list[Block] = [ImageBlock.of(image) for image in images]
        if text or not blocks:
            blocks.append(TextBlock(text))
        return cls("user", tuple(blocks))

    @property
    def text(self) -> str:
        """All text blocks, joined without a separator, as they were streamed."""
        return "".join(block.text for block in self.content if isinstance(block, TextBlock))

    @property
    def only_text(self) -> str | None:
        """The text of a message that is one text block and no more, as most are; else None."""
        content = self.content
        if len(content) != 1 or self.reasoning_content:
            return None
        block = content[0]
        return block.text if type(block) is TextBlock else None

    @property
    def tool_calls(self) -> tuple[ToolUseBlock, ...]:
        """The tool calls, in the model's order."""
        return tuple(block for block in self.content if isinstance(block, ToolUseBlock))

    def to_dict(self) -> dict[str, Any]:
        """The documented form: `role`, `content` (list of blocks), maybe `reasoning_content`."""
        message: dict[str, Any] = {
            "role": self.role,
            "content": [_block_to_dict(block) for block in self.content],
        }
        if self.reasoning_content is not None:
            message["reasoning_content"] = self.reasoning_content
        return message

    @classmethod
    def from_dict(cls, value: object) -> Message:
        """Read the documented form; a plain string as content is accepted as one text block.

        Raises `InvalidHistory` (a `TypeError`) that names what does not fit.
        """
        if isinstance(value, Message):
            return value
        if not isinstance(value, Mapping):
            raise InvalidHistory(f"a message must be a dict, not {type(value).__name__}")
        role, content = value.get("role"), value.get("content")
        if role not in ("user", "assistant"):
            raise InvalidHistory(f"role must be 'user' or 'assistant', not {role!r}")
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        if not isinstance(content, list | tuple):
            raise InvalidHistory(
                f"content of a message must be a list, not {type(content).__name__}"
            )
        reasoning = value.get("reasoning_content")
        if reasoning is not None and not isinstance(reasoning, str):
            raise InvalidHistory("reasoning_content must be a string")
        return cls(role, tuple(_block_from_dict(block) for block in content), reasoning)


def _block_to_dict(block: Block) -> dict[str, Any]:
    match block:
        case TextBlock(text=text):
            return {"type": "text", "text": text}
        case ImageBlock(media_type=media_type, data=data):
            source = {"type": "base64", "media_type": media_type, "data": data}
            return {"type": "image", "source": source}
        case ThinkingBlock(redacted=redacted) if redacted:
            return {"type": "redacted_thinking", "data": redacted}
        case ThinkingBlock(text=text, signature=signature):
            return {"type": "thinking", "thinking": text, "signature": signature}
        case ToolUseBlock(id=id_, name=name, input=arguments):
            return {"type": "tool_use", "id": id_, "name": name, "input": dict(arguments)}
        case ToolResultBlock(tool_use_id=id_, content=content, is_error=is_error):
            return {
                "type": "tool_result",
                "tool_use_id": id_,
                "content": content
                if isinstance(content, str)
                else [_block_to_dict(part) for part in content],
                "is_error": is_error,
            }


def _block_from_dict(value: object) -> Block:
    if not isinstance(value, Mapping):
        raise InvalidHistory(f"a content block must be a dict, not {type(value).__name__}")
    match value:
        case {"type": "text", "text": str(text)}:
            return TextBlock(text)
        case {"type": "image", "source": {"media_type": str(media_type), "data": str(data)}}:
            _check_image(media_type, data)
            return ImageBlock(media_type, data)
        case {"type": "thinking", "thinking": str(text)}:
            return ThinkingBlock(text, str(value.get("signature", "")))
        case {"type": "redacted_thinking", "data": str(data)}:
            return ThinkingBlock("", redacted=data)
        case {"type": "tool_use", "id": str(id_), "name": str(name), "input": Mapping() as input_}:
            return ToolUseBlock(id_, name, dict(input_))
        case {"type": "tool_result", "tool_use_id": str(id_), "content": str(text)}:
            return ToolResultBlock(id_, text, bool(value.get("is_error", False)))
        case {"type": "tool_result", "tool_use_id": str(id_), "content": list(parts)}:
            blocks = tuple(
                block
                for block in map(_block_from_dict, parts)
                if isinstance(block, TextBlock | ImageBlock)
            )
            return ToolResultBlock(id_, blocks, bool(value.get("is_error", False)))
    raise InvalidHistory(
        f"block of type {value.get('type')!r} has missing or wrong fields (keys: {sorted(value)})"
    )


def _check_image(media_type: str, data: str) -> None:
    if media_type not in IMAGE_MEDIA_TYPES:
        raise InvalidHistory(f"image media_type {media_type!r} is not supported")
    try:
        base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidHistory("image data is not base64") from error


def messages_from(history: object) -> list[Message]:
    """Messages from an explicit `history=`: dicts or `Message`s. Raises `InvalidHistory`."""
    if not isinstance(history, list | tuple):
        raise InvalidHistory(f"history must be a list of messages, not {type(history).__name__}")
    messages = []
    for number, value in enumerate(history):
        try:
            messages.append(Message.from_dict(value))
        except InvalidHistory as error:
            raise InvalidHistory(f"message {number}: {error.problem}") from error
    return messages
