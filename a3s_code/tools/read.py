"""The `read` tool: a window of lines out of a file, without reading the rest of it."""

from __future__ import annotations

import mimetypes
import os
import sys
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from a3s_code.errors import ToolFailed
from a3s_code.messages import IMAGE_MEDIA_TYPES, MAX_ATTACHMENT_BYTES, Attachment, image_media_type
from a3s_code.tools.failures import reason
from a3s_code.tools.output import cut_utf8
from a3s_code.tools.protocol import MAX_OUTPUT_BYTES, ToolContext, ToolOutput
from a3s_code.tools.recoded import marked_encoding, recoded
from a3s_code.tools.threads import Stop, in_thread

MAX_LINES = 2000
MAX_LINE_BYTES = 2000
_SNIFF_BYTES = 8192
_CHUNK_BYTES = 1 << 20
_ROOM_FOR_NOTES = 512
_IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp"})


class Read:
    """Lines of a text file with their numbers, or an image as an attachment."""

    name = "read"
    read_only = True
    description = (
        "Read a file in the workspace. Text comes with line numbers (from 1), a tab and the line. "
        "Images are attached. Use offset and limit for long files."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "file_path": {
                "type": "string",
                "description": "File to read, absolute or relative to the workspace.",
            },
            "offset": {
                "type": "integer",
                "minimum": 0,
                "description": "Lines to skip; 0 (the default) starts at the first line.",
            },
            "limit": {
                "type": "integer",
                "minimum": 1,
                "description": "Most lines to return; 2000 is the default and the maximum.",
            },
        },
        "required": ["file_path"],
        "additionalProperties": False,
        "examples": [{"file_path": "src/main.py"}, {"file_path": "log.txt", "offset": 2000}],
    }

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """Read in a thread; a file that cannot be read fails with its path as it was given."""
        given = args["file_path"]
        path = ctx.workspace.resolve(given, tool=self.name)
        offset, limit = args.get("offset", 0), min(args.get("limit", MAX_LINES), MAX_LINES)

        def work(stop: Stop) -> ToolOutput:
            try:
                with ctx.workspace.open(path) as file:
                    return _read(file, given, offset, limit, stop)
            except OSError as error:
                raise ToolFailed(f"Failed to read file {given}: {reason(error)}") from error

        return await in_thread(work)


def _read(file: BinaryIO, given: str, offset: int, limit: int, stop: Stop) -> ToolOutput:
    size = os.fstat(file.fileno()).st_size
    start = file.read(_SNIFF_BYTES)
    media_type = image_media_type(start)
    if media_type and PurePosixPath(given).suffix.lower() in _IMAGE_SUFFIXES:
        return _image(file, start, given, media_type, size)
    encoding = marked_encoding(start)
    if b"\0" in start and encoding is None:
        kind = media_type or mimetypes.guess_type(given)[0] or "application/octet-stream"
        return ToolOutput(f"[Binary file {given}: {kind}, {size} bytes; content not shown]")
    file.seek(0)
    window = _Window(offset, limit, stop)
    if encoding is None:
        return ToolOutput(window.read(file))
    return ToolOutput(f"{window.read(recoded(file, encoding))}(encoded in {encoding.upper()})\n")


def _image(file: BinaryIO, start: bytes, given: str, media_type: str, size: int) -> ToolOutput:
    facts = f"{given}: {media_type}, {size} bytes"
    if size > MAX_ATTACHMENT_BYTES:
        return ToolOutput(f"[Image {facts}; not attached, the limit is {MAX_ATTACHMENT_BYTES}]")
    assert media_type in IMAGE_MEDIA_TYPES
    return ToolOutput(f"[Image {facts}]", images=(Attachment(start + file.read(), media_type),))


class _Window:
    """Up to `limit` lines from line `offset` on, within the output limit."""

    def __init__(self, offset: int, limit: int, stop: Stop) -> None:
        self._offset, self._limit, self._stop = offset, limit, stop
        self._room = MAX_OUTPUT_BYTES - _ROOM_FOR_NOTES
        self._lines: list[str] = []
        self._cut: list[int] = []
        self._undecodable = False

    def read(self, file: BinaryIO) -> str:
        """The numbered lines, then notes on what is not shown as it is in the file."""
        skipped = self._skip(file) if file.seekable() else self._skip_lines(file)
        if skipped < self._offset:
            raise ToolFailed(f"Offset {self._offset} exceeds file length ({skipped} lines)")
        more = self._take(file)
        if not self._lines and self._offset:
            raise ToolFailed(f"Offset {self._offset} exceeds file length ({skipped} lines)")
        return "".join([*self._lines, *self._notes(more)])

    def _skip(self, file: BinaryIO) -> int:
        """Leave the file behind line `offset`; the number of lines there were up to that."""
        skipped, ended = 0, True
        while skipped < self._offset:
            self._stop.check()
            chunk = file.read(_CHUNK_BYTES)
            if not chunk:
                return skipped if ended else skipped + 1
            ended = chunk.endswith(b"\n")
            newlines = chunk.count(b"\n")
            if skipped + newlines >= self._offset:
                end = _end_of_line(chunk, self._offset - skipped)
                file.seek(end - len(chunk), os.SEEK_CUR)
                return self._offset
            skipped += newlines
        return skipped

    def _skip_lines(self, file: BinaryIO) -> int:
        most = min(self._offset, sys.maxsize)
        return sum(1 for _ in islice(_short_lines(file, self._stop), most))

    def _take(self, file: BinaryIO) -> bool:
        """Collect the lines; whether there are more behind them."""
        for line, was_cut in _short_lines(file, self._stop):
            if len(self._lines) == self._limit:
                return True
            number = self._offset + len(self._lines) + 1
            text = f"{number:6d}\t{self._decode(line)}\n"
            self._room -= len(text.encode("utf-8"))
            if self._room < 0:
                return True
            self._lines.append(text)
            if was_cut:
                self._cut.append(number)
        return False

    def _decode(self, line: bytes) -> str:
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            self._undecodable = True
            return line.decode("utf-8", "replace")

    def _notes(self, more: bool) -> Iterator[str]:
        if self._undecodable:
            yield "(not valid UTF-8: undecodable bytes are shown as \N{REPLACEMENT CHARACTER})\n"
        if self._cut:
            shown = ", ".join(map(str, self._cut[:10])) + (", ..." if len(self._cut) > 10 else "")
            yield f"(longer than {MAX_LINE_BYTES} bytes and cut: line {shown})\n"
        if more:
            following = self._offset + len(self._lines)
            yield f"(more lines exist; use offset={following} to continue)\n"


def _end_of_line(chunk: bytes, count: int) -> int:
    """Position behind the `count`th newline of a chunk that has so many."""
    end = 0
    for _ in range(count):
        end = chunk.index(b"\n", end) + 1
    return end


def _short_lines(file: BinaryIO, stop: Stop) -> Iterator[tuple[bytes, bool]]:
    """Lines without their end, each cut to the length limit, and whether it was cut."""
    while line := file.readline(MAX_LINE_BYTES + 2):
        stop.check()
        rest = line
        while not rest.endswith(b"\n") and (rest := file.readline(_CHUNK_BYTES)):
            stop.check()
        line = line.removesuffix(b"\n").removesuffix(b"\r")
        yield cut_utf8(line, MAX_LINE_BYTES), len(line) > MAX_LINE_BYTES
