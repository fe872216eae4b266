"""HCL text to a layout: nested lists that hold positions in the text, never pieces of it.

A layout can be stored beside the text's hash without storing anything that was written in it, so a
key that stands in a configuration never reaches the cache. This is the only file that imports hcl2,
and it is itself imported only for a text that was never seen before.

The forms, where `start` and `end` are offsets into the text:

    body    [entry, ...]
    entry   [line, name, [label, ...], is_block, value]
    name    [start, end]                          a quoted name includes its quotes
    value   ["word", start, end]                  a number, true, false, null
            ["string", line, start, end]          with its quotes
            ["heredoc", line, start, end]         from `<<` to the closing mark
            ["call", line, start, end, [value, ...]]   the span of the function's name
            ["list", [value, ...]]
            ["body", line, body]
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from collections.abc import Iterator
from typing import Any, TypeAlias

import hcl2
import hcl2.parser
import lark
from filelock import FileLock, Timeout
from lark import Token, Tree

from a3s_code.config.cache import grammar_file
from a3s_code.config.tree import Mistake

Layout: TypeAlias = list[Any]
Node: TypeAlias = "Tree[Token]"

_logger = logging.getLogger("a3s_code")
_lock = threading.Lock()

# Strings and here-documents are matched only to keep comment signs inside of them.
_COMMENT = re.compile(
    r"""
    "(?> \\. | \$\$\{ | \$\{[^}"\n]*(?:"[^"\n]*"[^}"\n]*)*\} | [^"\\] )*+"
    | <<-?(?P<mark>[A-Za-z][\w.-]*)\r?\n .*? ^[ \t]*(?P=mark)[ \t]*\r?$
    | (?P<comment> \#[^\n]* | //[^\n]* | /\*.*?\*/ )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)

# Strings and comments with their ends, to find those that have none.
_CLOSING = re.compile(
    r"""
    <<-?(?P<mark>[A-Za-z][\w.-]*)\r?\n .*? ^[ \t]*(?P=mark)[ \t]*\r?$
    | (?P<string> "(?: \\. | [^"\\] )*+ (?P<closed>"?) )
    | (?P<comment> /\* )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


def layout_of(text: str) -> Layout:
    """The layout of a whole text. Raises `Mistake` with line and column."""
    blank = _without_comments(text)
    try:
        tree = _parse(blank)
    except lark.exceptions.UnexpectedInput as error:
        raise _syntax_error(blank, error) from None
    return _body(_child(tree, "body"))


def _without_comments(text: str) -> str:
    """The same text with every comment as blanks, so that each position stays what it was.

    The grammar knows comments only in some places, and `/* */` in fewer than HCL allows.
    """

    def blanked(found: re.Match[str]) -> str:
        if found["comment"] is None:
            return found[0]
        return re.sub(r"[^\r\n]", " ", found[0])

    return _COMMENT.sub(blanked, text)


def _parse(text: str) -> Node:
    with _lock:  # the first parser of a process is built here, and only once
        _prepare_parser()
        tree: Node = hcl2.parses_to_tree(text)
    return tree


def _prepare_parser() -> None:
    """Have hcl2 keep its parser tables in the user's cache.

    Building them takes seconds; in the site-packages folder they would often not be writable. The
    file's name is part of what lark compares, so it cannot be written elsewhere and renamed: a lock
    keeps two processes from writing it at once. Half a file is noticed by lark and built again.
    """
    if hcl2.parser.parser.cache_info().currsize:
        return
    tables = grammar_file()
    hcl2.parser.PARSER_FILE = tables
    if tables.exists():
        hcl2.parser.parser()
        return
    _logger.info("preparing the configuration parser; this takes some seconds, only once")
    with contextlib.ExitStack() as held:
        # Where no lock can be had, no tables can be kept either.
        with contextlib.suppress(OSError, Timeout):
            held.enter_context(FileLock(f"{tables}.lock", timeout=60))
        hcl2.parser.parser()


# -- the parse tree ---------------------------------------------------------------------------------


def _body(node: Node) -> Layout:
    return [_entry(child) for child in _trees(node) if child.data in ("attribute", "block")]


def _entry(node: Node) -> Layout:
    first, *rest = _trees(node)
    line = first.meta.line
    if node.data == "attribute":
        return [line, _span(first), [], False, _value(rest[-1])]
    labels = [_span(child) for child in rest if child.data not in ("body", "new_line_or_comment")]
    body = ["body", line, _body(_child(node, "body"))]
    return [line, _span(first), labels, True, body]


def _value(node: Node) -> Layout:
    node = _unwrap(node)
    match node.data:
        case "int_lit" | "float_lit" | "literal_value":
            return ["word", *_span(node)]
        case "string":
            return ["string", node.meta.line, *_span(node)]
        case "heredoc_template" | "heredoc_template_trim":
            return ["heredoc", node.meta.line, *_span(node)]
        case "function_call":
            return _call(node)
        case "tuple":
            return ["list", [_value(child) for child in _values(node)]]
        case "object":
            elements = [_element(e) for e in _trees(node) if e.data == "object_elem"]
            return ["body", node.meta.line, elements]
        case _:
            raise _unsupported(node)


def _call(node: Node) -> Layout:
    name, *rest = _trees(node)
    arguments = [_value(v) for child in rest if child.data == "arguments" for v in _values(child)]
    end = next(t.start_pos for t in node.children if isinstance(t, Token) and t.type == "LPAR")
    return ["call", node.meta.line, name.meta.start_pos, end, arguments]


def _element(node: Node) -> Layout:
    key, value = (child for child in _trees(node) if child.data != "new_line_or_comment")
    inner = _unwrap(next(iter(_trees(key))))
    if inner.data not in ("identifier", "keyword", "literal_value", "string"):
        raise _unsupported(inner)
    return [key.meta.line, _span(inner), [], False, _value(value)]


def _unwrap(node: Node) -> Node:
    """The expression inside of parentheses and one-child rules."""
    while node.data == "expr_term":
        node = next(_iter_values(node))
    if node.data == "unary_op":  # `- 5`: a sign that stands before a number of one digit
        sign, operand = node.children[0], _unwrap(next(_iter_values(node)))
        if str(sign) != "-" or operand.data not in ("int_lit", "float_lit"):
            raise _unsupported(node)
        operand.meta.start_pos = node.meta.start_pos
        return operand
    return node


def _trees(node: Node) -> list[Node]:
    return [child for child in node.children if isinstance(child, Tree)]


def _values(node: Node) -> list[Node]:
    return [child for child in _trees(node) if child.data != "new_line_or_comment"]


def _iter_values(node: Node) -> Iterator[Node]:
    return iter(_values(node))


def _child(node: Node, name: str) -> Node:
    return next(child for child in _trees(node) if child.data == name)


def _span(node: Node) -> list[int]:
    return [node.meta.start_pos, node.meta.end_pos]


# -- errors -----------------------------------------------------------------------------------------


def _unsupported(node: Node) -> Mistake:
    problem = (
        "only strings, numbers, true, false, null, lists, objects and env(...) can be a value here"
    )
    return Mistake(problem, line=node.meta.line, column=node.meta.column)


def _syntax_error(text: str, error: lark.exceptions.UnexpectedInput) -> Mistake:
    """One sentence about the character at which the text stops making sense."""
    token = getattr(error, "token", None)
    at_end = token is not None and token.type == "$END"
    offset = len(text) if at_end else min(error.pos_in_stream or 0, len(text))
    offset, problem = _unclosed(text, offset) or (offset, _complaint(text, offset))
    line, column = _position(text, offset)
    return Mistake(problem, line=line, column=column)


def _unclosed(text: str, offset: int) -> tuple[int, str] | None:
    """Where the first string or comment before `offset` starts that does not end as it should.

    The place where the text stops making sense is often far behind it.
    """
    for found in _CLOSING.finditer(text):
        if found.start() > offset:
            break
        if found["comment"]:
            return found.start(), "a comment starts here and does not end"
        if found["string"] and ("\n" in found[0] or not found["closed"]):
            return found.start(), "a string is not closed on its line"
    return None


def _complaint(text: str, offset: int) -> str:
    here = text[offset:].split("\n", 1)[0]
    if not text[offset:].strip():
        return _unfinished(text)
    if here.startswith("<<"):
        return "a here-document starts here and does not end"
    if not here.strip():
        return "the line ends where a value is expected"
    found = re.match(r"\s*([\w.-]+|.)", here)
    shown = found[1] if found else here[0]
    if shown == "'":
        return "unexpected `'`; strings are written in double quotes"
    if shown == '"' or re.fullmatch(r"[\w.-]+", shown):
        # A word may be part of a key that lost its quotes: it is not repeated.
        return "unexpected text; expected `name = value` or `name { ... }`"
    if shown in ",;":
        return f"unexpected `{shown}`; attributes are separated by blanks or new lines"
    return f"unexpected `{shown}`"


def _unfinished(text: str) -> str:
    code = re.sub(r'"(?:\\.|[^"\\])*"', "", text)
    for opening, closing in ("{}", "[]", "()"):
        if code.count(opening) > code.count(closing):
            return f"the text ends before a `{closing}` that closes `{opening}`"
    return "the text ends where more is expected"


def _position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
