"""Make the model's Markdown harmless before a front end renders it.

Front ends render HTML inside Markdown, follow links of any scheme and load remote images, so:
raw HTML is escaped outside of code, links keep only schemes that cannot run anything, images become
links, terminal escapes and invisible control characters disappear. Prompt injection by what a tool
read is the ordinary case, not the exotic one.

The block structure comes from a CommonMark parser. Where renderers might disagree whether a piece is
code, it is treated as text: at worst a reader sees `&lt;` in a code span.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import Any

from a3s_magics.dollars import INERT_DOLLAR, MARK, with_marks

_ANSI = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
# C0 and C1 controls but tab and newline; bidirectional overrides, which can reverse what is read;
# the byte order mark and zero-width characters that hide text.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)

_SAFE_SCHEMES = frozenset({"http", "https", "mailto"})
_SCHEME = re.compile(r"([a-z][a-z0-9+.\-]*):", re.IGNORECASE)
_INVISIBLE = re.compile(r"[\x00-\x20\x7f-\xa0\\\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]")

_TICKS = re.compile(r"`+")
_SPAN = "\ue000"  # stands for a code span; a private character that no text needs
_AUTOLINK = re.compile(r"<(?:https?://|mailto:)[^\s<>`\"'\ue000]*>", re.IGNORECASE)
# No formula holds the beginning of another: else much text with many beginnings would take hours.
_MATH = re.compile(
    r"\$\$.+?\$\$|\\\((?:[^\\]|\\[^()])++\\\)|\\\[(?:[^\\]|\\[^\[\]])++\\\]"
    r"|(?<![\\$\w])\$(?![\s$])[^$\n`]*?(?<![\s\\])\$(?![\d$])",
    re.DOTALL,
)
# A target ends at white space or at the parenthesis that is not its own. One that holds the
# beginning of another is two: which of them a renderer takes for a link depends on what is in front.
_INLINE_TARGET = re.compile(
    r"(\]\(\s*)(<[^>\n\ue000]*>|(?:(?!\]\()(?:[^\s()\ue000]"
    r"|\((?:(?!\]\()(?:[^\s()\ue000]|\([^\s()\ue000]*+\)))*+\)|\())*+)"
)
_DEFINED_TARGET = re.compile(r"(\]:[ \t]*\n?[ \t>]*)(<[^>\n\ue000]*>|[^\s\ue000]+)")
_TABLE_RULE = re.compile(r"^[ \t>|:\-+*]*-[ \t|:\-]*$", re.MULTILINE)

BLOCKED = "#blocked"


def without_controls(text: str) -> str:
    """Text without terminal escapes and without characters that are not to be seen."""
    if text.isascii() and text.isprintable():
        return text
    return _CONTROL.sub("", _ANSI.sub("", text.replace("\r\n", "\n")))


def terminal_text(text: str) -> str:
    """A program's output as a terminal would leave it: a carriage return rewrites its line."""
    if "\r" in text:
        lines = text.replace("\r\n", "\n").split("\n")
        text = "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in lines)
    return without_controls(text)


def safe_target(target: str) -> bool:
    """Whether a link may lead there: relative, or one of http, https and mailto.

    The target is judged as a browser reads it: entities decoded, white space, control characters
    and backslashes dropped.
    """
    seen = target
    for _ in range(2):  # an entity may hide another
        seen = html.unescape(seen)
    seen = _INVISIBLE.sub("", seen).lstrip("<")
    scheme = _SCHEME.match(seen)
    if scheme is None:
        return ":" not in re.split(r"[/?#]", seen, maxsplit=1)[0]
    return scheme.group(1).lower() in _SAFE_SCHEMES


def safe_markdown(text: str) -> str:
    """Markdown that reads the same and cannot run, load or hide anything."""
    text = without_controls(text).replace(MARK, "")
    if not any(mark in text for mark in "<[&$"):
        return text
    lines = text.split("\n")
    out: list[str] = []
    start = 0
    for first, behind in _code_lines(text):
        if first >= start:
            out.append(_safe_prose("\n".join(lines[start:first])) + ("\n" if first > start else ""))
            out.append("\n".join(lines[first:behind]))
            out.append("\n" if behind < len(lines) else "")
            start = behind
    out.append(_safe_prose("\n".join(lines[start:])))
    return "".join(out)


@lru_cache(maxsize=1)
def _parser() -> Any:
    from markdown_it import MarkdownIt  # 20 ms of import, only needed once a model has answered

    # No HTML blocks: what leaves here has none, so that they must not hide where code begins.
    return MarkdownIt("commonmark").enable("table").disable(["inline", "html_block"])


def _code_lines(text: str) -> list[tuple[int, int]]:
    """First line and the line behind of every fenced block that no renderer takes for text.

    Only fences outside of lists and quotes count, and only closed ones or one that the document
    ends with: in containers renderers differ about where a fence ends.
    """
    return [
        (token.map[0], token.map[1])
        for token in _parser().parse(text)
        if token.type == "fence" and token.level == 0 and token.map
    ]


def _safe_prose(text: str) -> str:
    paragraphs = re.split(r"(\n[ \t]*\n)", text)
    return "".join(part if at % 2 else _safe_paragraph(part) for at, part in enumerate(paragraphs))


def _safe_paragraph(text: str) -> str:
    """One run of lines without a blank one; code spans cannot reach beyond it."""
    if not any(mark in text for mark in "<[&$"):
        return text
    spans = _code_spans(text)
    if spans is None:
        return _final(_safe_text(_marked(text)))
    # Spans are set aside while the rest is judged, so that no rewriting can tear one.
    out, start = [], 0
    for first, behind in spans:
        out.append(text[start:first].replace(_SPAN, ""))
        start = behind
    out.append(text[start:].replace(_SPAN, ""))
    marked = _marked(_SPAN.join(out))
    codes = [text[first:behind] for first, behind in spans]
    if _formula_may_cut(marked, codes):
        return _final(_safe_text(_with_codes(marked, codes)))
    return _final(_with_codes(_safe_text(marked), codes))


def _with_codes(text: str, codes: list[str]) -> str:
    """The code spans back in their places."""
    first, *pieces = text.split(_SPAN)
    return first + "".join(code + piece for code, piece in zip(codes, pieces, strict=True))


def _marked(text: str) -> str:
    """Dollars that are no formula's are set aside, too; a single one needs no partner to fear."""
    if text.count("$") < 2:
        return text
    out, start = [], 0
    for formula in _MATH.finditer(text):
        out += [with_marks(text[start : formula.start()]), formula.group()]
        start = formula.end()
    return "".join([*out, with_marks(text[start:])])


def _final(text: str) -> str:
    return text.replace(MARK, INERT_DOLLAR)


def _code_spans(text: str) -> list[tuple[int, int]] | None:
    """The code spans, or None when their extent depends on the renderer.

    Certain is only: every run of backticks has its partner on its own line, none is escaped, and no
    cell border of a table runs through a span.
    """
    spans: list[tuple[int, int]] = []
    table = bool(_TABLE_RULE.search(text))
    start = 0
    for line in text.split("\n"):
        at = 0
        runs = list(_TICKS.finditer(line))
        while runs:
            opening = runs.pop(0)
            if opening.start() > at and line[opening.start() - 1] == "\\":
                return None
            size = len(opening.group())
            partner = next((n for n, run in enumerate(runs) if len(run.group()) == size), None)
            if partner is None:
                return None
            closing = runs[partner]
            if table and "|" in line[opening.end() : closing.start()]:
                return None
            spans.append((start + opening.start(), start + closing.end()))
            at = closing.end()
            del runs[: partner + 1]
        start += len(line) + 1
    return spans


def _formula_may_cut(text: str, codes: list[str]) -> bool:
    """Whether a dollar before a span may find its partner in the span or behind it.

    To some renderers that is a formula, and what is left of the span no code.
    """
    pairs = zip(text.split(_SPAN), [*codes, ""], strict=True)
    parts = [part for pair in pairs for part in pair]
    dollars = [at for at, part in enumerate(parts) if "$" in part]
    return bool(dollars) and any(at % 2 for at in range(dollars[0] + 1, dollars[-1] + 1))


def _safe_text(text: str) -> str:
    if not text:
        return text
    out, start = [], 0
    for formula in _MATH.finditer(text):
        out.append(_escape(text[start : formula.start()]))
        # In a formula an entity would be an error of TeX; \lt means the same and is no HTML.
        out.append(formula.group().replace("<", r"\lt "))
        start = formula.end()
    out.append(_escape(text[start:]))
    return _kill_targets("".join(out))


def _escape(text: str) -> str:
    if "<" not in text:
        return text
    out, start = [], 0
    for link in _AUTOLINK.finditer(text):
        out.append(text[start : link.start()].replace("<", "&lt;"))
        out.append(link.group())
        start = link.end()
    out.append(text[start:].replace("<", "&lt;"))
    return "".join(out)


def _kill_targets(text: str) -> str:
    if "]" not in text:
        return text
    text = text.replace("![", "[image: ")
    return _DEFINED_TARGET.sub(_judged, _INLINE_TARGET.sub(_judged, text))


def _judged(match: re.Match[str]) -> str:
    """The target as it is, or no link at all: an entity is text to every renderer."""
    if safe_target(match.group(2)):
        return match.group()
    opening, mark = match.group(1), match.group(1)[1]
    return opening.replace(mark, f"&#{ord(mark)};", 1) + BLOCKED
