"""The program that turns a page into text: see `page_conversion`.

Standard input has one line of JSON, an object with `content_type`, `form` and `most`, and then the
page. The first `most` characters of the text go to standard output; a page that is nested too deeply
ends the program with the code `TOO_DEEP`.
"""

from __future__ import annotations

import json
import sys

from a3s_code.tools.web_text import page_text

TOO_DEEP = 3


def main() -> None:
    """Convert one page."""
    wanted = json.loads(sys.stdin.buffer.readline())
    try:
        text = page_text(sys.stdin.buffer.read(), wanted["content_type"], wanted["form"])
    except RecursionError:
        sys.exit(TOO_DEEP)
    sys.stdout.buffer.write(text[: wanted["most"]].encode("utf-8", "replace"))
