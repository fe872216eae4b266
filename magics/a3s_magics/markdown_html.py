"""Markdown as HTML for widgets: no raw HTML, no dangerous links, no images, formulas left alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import Any

from a3s_magics.dollars import plain_dollar
from a3s_magics.sanitise import safe_target, without_controls

_FORMULA = re.compile(
    r"\$\$.+?\$\$|\\\((?:[^\\]|\\[^()])++\\\)|\\\[(?:[^\\]|\\[^\[\]])++\\\]"
    r"|\$(?![\s$])[^$\n]*?(?<![\s\\])\$(?!\d)",
    re.DOTALL,
)
_LANGUAGE = re.compile(r"[\w+#.\-]{1,30}")
_HIGHLIGHT_LIMIT = 20_000  # characters; beyond it colours cost more than they tell


def markdown_html(text: str, *, colours: bool = True) -> str:
    """Safe HTML of a piece of Markdown, styled by the front end's own classes for Markdown.

    `colours` marks up the code in fenced blocks by its language.
    """
    body = _renderer(colours).render(without_controls(text))
    return f'<div class="a3s-text jp-RenderedHTMLCommon jp-RenderedMarkdown">{body}</div>'


@lru_cache(maxsize=2)
def _renderer(colours: bool) -> Any:
    from markdown_it import MarkdownIt  # costly to import, only needed once a model has answered

    options = {"html": False, "highlight": _highlighted if colours else None, "linkify": False}
    parser = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    parser.validateLink = safe_target  # type: ignore[assignment,method-assign]  # the documented way
    parser.inline.ruler.before("escape", "a3s_formula", _formula)
    parser.add_render_rule("image", _image_as_link)
    parser.add_render_rule("link_open", _foreign_link)
    parser.add_render_rule("a3s_formula", _formula_text)
    parser.add_render_rule("a3s_dollar", _dollar_html)
    return parser


def _formula(state: Any, silent: bool) -> bool:
    """Keep `$...$` and its relatives away from emphasis and escapes; MathJax wants them as typed."""
    if state.src[state.pos] not in "$\\":
        return False
    found = _FORMULA.match(state.src, state.pos, state.posMax)
    if found is None:
        return _dollar(state, silent)
    if not silent:
        state.push("a3s_formula", "", 0).content = found.group()
    state.pos = found.end()
    return True


def _dollar(state: Any, silent: bool) -> bool:
    """Set a dollar that begins no formula apart, so that MathJax finds no partner for it."""
    size = plain_dollar(state.src, state.pos)
    if size and not silent:
        state.push("a3s_dollar", "", 0)
    state.pos += size
    return size > 0


def _dollar_html(*_: Any) -> str:
    return "<span>$</span>"


def _formula_text(_self: Any, tokens: Sequence[Any], at: int, _options: Any, _env: Any) -> str:
    return escape(tokens[at].content)


def _foreign_link(self: Any, tokens: Sequence[Any], at: int, options: Any, env: Any) -> str:
    tokens[at].attrSet("target", "_blank")
    tokens[at].attrSet("rel", "noopener noreferrer nofollow")
    return str(self.renderToken(tokens, at, options, env))


def _image_as_link(_self: Any, tokens: Sequence[Any], at: int, _options: Any, _env: Any) -> str:
    """A remote image would tell a stranger that, and when, the answer was read."""
    token = tokens[at]
    label = escape(token.content or "image")
    source = str(token.attrs.get("src", ""))
    if not safe_target(source):
        return f"[image: {label}]"
    return (
        f'<a href="{escape(source)}" target="_blank" rel="noopener noreferrer nofollow">'
        f"image: {label}</a>"
    )


def _highlighted(code: str, language: str, _attrs: str) -> str:
    if not language or len(code) > _HIGHLIGHT_LIMIT or not _LANGUAGE.fullmatch(language):
        return ""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        return ""
    return str(highlight(code, lexer, HtmlFormatter(nowrap=True)))
