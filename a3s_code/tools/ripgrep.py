"""Running `rg`, when it is there, so that it sees exactly the files that our own walk would see."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from a3s_code.tools.confined import is_within, open_folder
from a3s_code.tools.globs import Glob
from a3s_code.tools.limits import Limits
from a3s_code.tools.match import Match
from a3s_code.tools.own_group import own_group

_PIECE_BYTES = 1 << 16
_OPEN_FILES = "/proc/self/fd"


class RipgrepFailed(Exception):
    """It could not do the work; our own search does it then."""


def find_ripgrep(root: Path) -> str | None:
    """The program on PATH, None without one. One that lies in the workspace is not trusted."""
    program = shutil.which("rg")
    if program is None or is_within(str(root), os.path.realpath(program)):
        return None
    return os.path.realpath(program)


def search_files(
    program: str,
    base: str,
    pattern: str,
    wanted: Glob,
    limits: Limits,
    *,
    ignore_case: bool,
    ordered: bool,
    rules: Sequence[str],
) -> Iterator[list[Match]]:
    """The matching lines of each file below `base`; files in order only if `ordered`, which is slow.

    Paths are relative to `base`, with `/`; files that `wanted` does not match may be among them.
    `rules` are the options of `rule_options`. Raises `RipgrepFailed`, and what `limits` raise.
    """
    command = [
        program,
        "--json",
        "--no-mmap",
        "--encoding=none",
        "--crlf",
        *(["--ignore-case"] if ignore_case else []),
        *(["--sort=path"] if ordered else []),
        *rules,
        *_options(wanted),
        f"--regexp={pattern}",
        "./",
    ]
    matches: list[Match] = []
    finished = False
    for line in _lines(_output(command, base, limits)):
        if line.startswith(b'{"type":"match"'):
            matches.append(_match(json.loads(line)["data"]))
        elif line.startswith(b'{"type":"end"'):
            # A file with a NUL is binary, also where lines before the NUL matched.
            if b'"binary_offset":null' in line:
                yield matches
            matches = []
        elif b'"type":"summary"' in line:
            finished = True
    if not finished:
        raise RipgrepFailed


def list_files(
    program: str,
    base: str,
    wanted: Glob,
    limits: Limits,
    *,
    depth: int | None,
    rules: Sequence[str],
) -> list[str]:
    """The files below `base`, at most `depth` levels of names deep, in any order.

    Paths are relative to `base`, with `/`; files that `wanted` does not match may be among them.
    `rules` are the options of `rule_options`. Raises `RipgrepFailed`, and what `limits` raise.
    """
    command = [
        program,
        "--files",
        "--null",
        *([] if depth is None else [f"--max-depth={depth}"]),
        *rules,
        *_options(wanted),
    ]
    # The names of a directory that it could not read would be missing, and only its end tells.
    listed = b"".join(_output(command, base, limits, good_ends=(0, 1)))
    return _slashes(os.fsdecode(listed)).split("\0")[:-1]


def _options(wanted: Glob) -> list[str]:
    options = ["--hidden"] if wanted.wants_hidden else []
    names = wanted.plain_names()
    if names is not None:
        # As a file type and not as --glob, which would overrule the ignore rules.
        options += [f"--type-add=wanted:{name}" for name in names]
        options.append("--type=wanted")
    return options


def _output(
    command: Sequence[str], base: str, limits: Limits, good_ends: Collection[int] = (0, 1, 2)
) -> Iterator[bytes]:
    """Pieces of the standard output. The program is dead when this generator ends, however.

    Raises `RipgrepFailed` unless it has ended with one of the codes: 0, or 1 when it has found
    nothing. 2 stands for an unreadable directory or, where nothing was written, for wrong usage.
    """
    try:
        with _held(base) as place:
            process = subprocess.Popen(
                command,
                cwd=place,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                **own_group(),
            )
    except (OSError, ValueError) as error:
        raise RipgrepFailed from error
    timer = threading.Timer(limits.seconds_left, process.kill)
    timer.daemon = True
    timer.start()
    limits.stop.on_request(process.kill)
    assert process.stdout is not None
    silent = True
    try:
        while piece := process.stdout.read(_PIECE_BYTES):
            silent = False
            yield piece
        limits.check()
        end = process.wait()
        if end not in good_ends or (silent and end == 2):
            raise RipgrepFailed
    finally:
        timer.cancel()
        process.kill()
        process.stdout.close()
        process.wait()


@contextmanager
def _held(base: str) -> Iterator[str]:
    """A path to the directory itself, whatever comes in the place of its name meanwhile.

    `base` is resolved; a symlink in it was put there since, and is an `OSError`. Where the system has
    no paths for open files, the directory's own path has to do.
    """
    if not os.path.isdir(_OPEN_FILES):
        yield base
        return
    top = Path(os.path.abspath(os.sep))
    folder = open_folder(top, Path(base))
    try:
        yield base if folder.fd is None else f"{_OPEN_FILES}/{folder.fd}"
    finally:
        folder.close()


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines


def _match(data: dict[str, Any]) -> Match:
    text = _text(data["lines"]).decode("utf-8", "replace")
    path = _slashes(os.fsdecode(_text(data["path"]))).removeprefix("./")
    return Match(path, data["line_number"], text.removesuffix("\n").removesuffix("\r"))


def _text(value: dict[str, str]) -> bytes:
    if "text" in value:
        return value["text"].encode("utf-8")
    return base64.b64decode(value["bytes"])


def _slashes(path: str) -> str:
    return path.replace(os.sep, "/") if os.sep != "/" else path
