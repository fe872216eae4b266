"""HCL text to a tree of blocks and attributes, parsed at most once per text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from a3s_code.config.cache import store_layout, stored_layout
from a3s_code.config.tree import Body, Entry, EnvCall, Mistake, Template, Value

_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_INTERPOLATION = re.compile(
    r"""
    (?P<literal> \$\$\{ | %%\{ )
    | \$\{ \s* env \s* \( \s* "(?P<name>[^"\\]*)" \s* ,? \s* \) \s* \}
    | (?P<other> \$\{ | %\{ )
    """,
    re.VERBOSE,
)


def parse_hcl(text: str, path: str | None = None) -> Body:
    """The tree of a configuration text; `env()` calls stay calls.

    Raises `ConfigError` with line and, for mistakes of syntax, column. `path` is only named in it.
    """
    try:
        return _parsed(text.removeprefix("\ufeff"))
    except Mistake as mistake:
        raise mistake.located(path) from None


@lru_cache(maxsize=16)
def _parsed(text: str) -> Body:
    stored = stored_layout(text)
    if stored is not None:
        try:
            return Body(_entries(text, stored))
        except (Mistake, IndexError, TypeError, ValueError, RecursionError):
            pass  # not a layout of this text: damaged, or written by something else
    from a3s_code.config.grammar import layout_of  # imports hcl2, a third of a second

    try:
        layout = layout_of(text)
        body = Body(_entries(text, layout))
    except RecursionError:
        raise Mistake("lists and blocks are nested too deeply") from None
    store_layout(text, layout)
    return body


def _entries(text: str, layout: list[Any]) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    attributes: dict[str, int] = {}
    for line, name_span, label_spans, is_block, value in layout:
        name = _name(text, name_span, line)
        if not is_block and name in attributes:
            raise Mistake(f"`{name}` is given twice (first in line {attributes[name]})", line=line)
        if not is_block:
            attributes[name] = line
        labels = tuple(_name(text, span, line) for span in label_spans)
        entries.append(Entry(name, _value(text, value), line, labels, is_block))
    return tuple(entries)


def _name(text: str, span: list[int], line: int) -> str:
    raw = text[span[0] : span[1]]
    if not raw.startswith('"'):
        return raw
    name = _string(raw[1:-1], line)
    if not isinstance(name, str):
        raise Mistake("env() cannot be used in a name", line=line)
    return name


def _value(text: str, layout: list[Any]) -> Value:
    match layout:
        case ["word", int(start), int(end)]:
            return _word(text[start:end])
        case ["string", int(line), int(start), int(end)]:
            return _string(text[start + 1 : end - 1], line)
        case ["heredoc", int(line), int(start), int(end)]:
            return _template(_heredoc(text[start:end]), line, escapes=False)
        case ["call", int(line), int(start), int(end), list(arguments)]:
            return _call(text[start:end].strip(), [_value(text, a) for a in arguments], line)
        case ["list", list(items)]:
            return tuple(_value(text, item) for item in items)
        case ["body", int(line), list(entries)]:
            return Body(_entries(text, entries), line)
    raise ValueError("not a layout")


def _word(raw: str) -> Value:
    if raw in _WORDS:
        return _WORDS[raw]
    digits = re.sub(r"\s", "", raw)  # `- 5` is a number too
    return float(digits) if re.search(r"[.eE]", digits) else int(digits)


def _call(function: str, arguments: list[Value], line: int) -> EnvCall:
    if function != "env":
        raise Mistake(f"unknown function `{function}`; only env(...) exists", line=line)
    if len(arguments) != 1 or not isinstance(arguments[0], str) or not arguments[0]:
        raise Mistake('env() takes one name in quotes, as in env("NAME")', line=line)
    return EnvCall(arguments[0], line)


# -- strings ----------------------------------------------------------------------------------------


def _string(raw: str, line: int) -> str | EnvCall | Template:
    if "\n" in raw:
        raise Mistake("a string is not closed on its line", line=line)
    return _template(raw, line, escapes=True)


def _template(raw: str, line: int, *, escapes: bool) -> str | EnvCall | Template:
    """A string's text; with `${env("NAME")}` in it, its parts; alone, the call itself."""
    parts: list[str | EnvCall] = []

    def add(piece: str) -> None:
        if parts and isinstance(parts[-1], str):
            parts[-1] += piece
        elif piece:
            parts.append(piece)

    position = 0
    for found in _INTERPOLATION.finditer(raw):
        before = raw[position : found.start()]
        add(_unescape(before, line) if escapes else before)
        position = found.end()
        if found["literal"]:
            add(found["literal"][1:])
        elif found["name"]:
            parts.append(EnvCall(found["name"], line))
        else:
            raise Mistake('inside a string only ${env("NAME")} is replaced', line=line)
    rest = raw[position:]
    add(_unescape(rest, line) if escapes else rest)
    if not parts:
        return ""
    if len(parts) == 1:
        return parts[0]
    return Template(tuple(parts))


def _unescape(raw: str, line: int) -> str:
    def replaced(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        if code:
            number = int(code, 16)
            if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
                raise Mistake("an escape names no Unicode character", line=line)
            return chr(number)
        if found[3] not in _ESCAPES:
            raise Mistake(
                f"unknown escape `\\{found[3]}`; a backslash is written `\\\\`", line=line
            )
        return _ESCAPES[found[3]]

    return _ESCAPE.sub(replaced, raw) if "\\" in raw else raw


def _heredoc(raw: str) -> str:
    """The lines between the marks; after `<<-` without the indentation that all of them share."""
    first, *lines = raw.replace("\r\n", "\n").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    lines = lines[:-1]  # the closing mark
    if first.startswith("<<-"):
        filled = [line for line in lines if line.strip()]
        margin = min((len(line) - len(line.lstrip()) for line in filled), default=0)
        lines = [line[margin:] for line in lines]
    return "".join(f"{line}\n" for line in lines)
