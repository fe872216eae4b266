"""What a rule's pattern is compared with: the text that stands for a tool call.

A path has several spellings. A rule that forbids must catch each of them, a rule that allows may
only hold if the place that is really meant is allowed; so a call has two lists of texts.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PATH_TOOLS = frozenset({"read", "write", "edit", "patch"})
_FOLDER_TOOLS = frozenset({"ls", "grep", "glob"})
_PLAIN = {"bash": "command", "skill": "skill_name", "task": "agent", "web_fetch": "url"}
_ABSOLUTE = re.compile(r"/|[A-Za-z]:/")


@dataclass(frozen=True, slots=True)
class Subject:
    """`spellings`: one hit is enough to forbid. `meant`: all must match to allow.

    `is_path` says that letter case may not tell two of them apart on this system.
    """

    spellings: tuple[str, ...]
    meant: tuple[str, ...]
    is_path: bool = False


def subject_of(tool: str, args: Mapping[str, Any], workspace: Path | None) -> Subject:
    """The texts of one call; backslashes in them are slashes."""
    name = tool.lower()
    if name in _PATH_TOOLS:
        return _path_subject(_text(args, "file_path") or _text(args, "path"), workspace)
    if name == "ls":
        return _path_subject(_text(args, "path") or ".", workspace, is_folder=True)
    if name == "glob":
        # Of a pattern only the way to it is a place, so links in it are not followed.
        place = posixpath.join(_text(args, "path"), _text(args, "pattern"))
        return _path_subject(place, workspace, follow=False)
    if name == "grep":
        return _grep_subject(_text(args, "pattern"), _text(args, "path"), workspace)
    return _plain_subject(_plain_text(name, args))


def placed(tool: str, args: Mapping[str, Any], workspace: Path) -> Mapping[str, Any]:
    """The arguments with the path that they name absolute, whatever workspace they are read in."""
    name = tool.lower()
    if name in _PATH_TOOLS:
        given = _text(args, "file_path") or _text(args, "path")
        return {**args, "file_path": os.path.join(workspace, given)}
    if name in _FOLDER_TOOLS:
        return {**args, "path": os.path.join(workspace, _text(args, "path"))}
    return args


def _plain_text(name: str, args: Mapping[str, Any]) -> str:
    if name in _PLAIN:
        return _text(args, _PLAIN[name])
    if name == "git":
        return f"{_text(args, 'command')} {_text(args, 'subcommand')}".strip()
    return json.dumps(args, separators=(",", ":"), ensure_ascii=False, sort_keys=True, default=str)


def _plain_subject(text: str) -> Subject:
    text = _slashes(text)
    # Blanks around a command change nothing about it, so they do not lead past a deny rule.
    return Subject(_distinct(text, text.strip()), (text,))


def _grep_subject(pattern: str, path: str, workspace: Path | None) -> Subject:
    pattern = _slashes(pattern)
    if not path:
        return Subject((pattern,), (pattern,))
    places = _path_subject(path, workspace, is_folder=True)
    return Subject(
        tuple(f"{pattern} {place}" for place in places.spellings),
        tuple(f"{pattern} {place}" for place in places.meant),
        is_path=True,
    )


def _path_subject(
    raw: str, workspace: Path | None, *, is_folder: bool = False, follow: bool = True
) -> Subject:
    given = _slashes(raw)
    plain = _normal(given) if given else ""
    if workspace is None or not given:
        meant, whole = [plain], [plain]
    else:
        root = _slashes(os.path.abspath(workspace))
        whole = [plain if _ABSOLUTE.match(plain) else _normal(f"{root}/{plain}")]
        meant = [_within(whole[0], root)]
        if follow:
            real_root = os.path.realpath(workspace)
            # A backslash is a letter of a name on some systems and a separator on others.
            real = [_followed(os.path.join(real_root, text)) for text in _distinct(raw, plain)]
            whole += real
            followed = [_within(place, _slashes(real_root)) for place in real]
            plain, meant = meant[0], followed
    spellings = [given, plain, *meant, *whole]
    if is_folder:  # a rule for what is in a folder holds for listing it
        spellings += [f"{place}/" for place in spellings if not place.endswith("/")]
    return Subject(_distinct(*spellings), _distinct(*meant), is_path=True)


def _followed(path: str) -> str:
    """Where a path leads when links are followed."""
    try:
        return _slashes(os.path.realpath(path))
    except ValueError:  # no file can have such a name, which the tool will say
        return _normal(_slashes(path))


def _normal(path: str) -> str:
    """Without `.`, `..` and doubled slashes."""
    normal = posixpath.normpath(path)
    return normal[1:] if normal.startswith("//") and os.name != "nt" else normal


def _within(whole: str, root: str) -> str:
    """The path as seen from the workspace; one outside of it stays absolute."""
    if os.path.normcase(whole) == os.path.normcase(root):
        return "."
    prefix = root.rstrip("/") + "/"
    if os.path.normcase(whole).startswith(os.path.normcase(prefix)):
        return whole[len(prefix) :]
    return whole


def _text(args: Mapping[str, Any], key: str) -> str:
    value = args.get(key)
    return value if isinstance(value, str) else "" if value is None else str(value)


def _slashes(text: str) -> str:
    return text.replace("\\", "/")


def _distinct(*texts: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
