"""The body of a page as text: HTML to Markdown or plain text, other text decoded. A pure core."""

from __future__ import annotations

import re

_HTML = ("text/html", "application/xhtml+xml")
_UNREADABLE = ("script", "style", "noscript", "template", "svg", "iframe")


def page_text(body: bytes, content_type: str, form: str) -> str:
    """The page as `markdown`, `text` or `html`; only HTML is converted.

    A body that is no text is described in one line. Slow for large pages: call it in a thread.
    """
    media_type, charset = _parsed(content_type)
    if b"\0" in body[:8192] and charset not in ("utf-16", "utf-16le", "utf-16be", "utf-32"):
        return f"[Binary content: {media_type or 'unknown type'}, {len(body)} bytes]"
    if is_converted(content_type, form):
        return _converted(body, charset, form)
    return _decoded(body, charset)


def is_converted(content_type: str, form: str) -> bool:
    """Whether a page of this type becomes something else in this form."""
    return form != "html" and _parsed(content_type)[0] in _HTML


def _parsed(value: str) -> tuple[str, str | None]:
    """Media type in lower case and charset of a Content-Type header."""
    charset = re.search(r"charset\s*=\s*\"?([\w.:-]+)", value, re.IGNORECASE)
    return value.partition(";")[0].strip().lower(), charset and charset[1].lower()


def _decoded(body: bytes, charset: str | None) -> str:
    try:
        return body.decode(charset or "utf-8", "replace")
    except (LookupError, UnicodeError):  # no charset, or `idna` and others that know no "replace"
        return body.decode("utf-8", "replace")


def _converted(body: bytes, charset: str | None, form: str) -> str:
    from bs4 import BeautifulSoup
    from markdownify import MarkdownConverter

    soup = BeautifulSoup(body, "html.parser", from_encoding=charset)
    for element in soup.find_all(_UNREADABLE):
        element.decompose()
    if form == "text":
        text = soup.get_text("\n")
    else:
        text = MarkdownConverter(heading_style="ATX").convert_soup(soup)
    lines = (line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
