"""Hostile model output against real Markdown renderers: nothing runs, nothing loads."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

import mistune
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from a3s_magics.dollars import INERT_DOLLAR as DOLLAR
from a3s_magics.markdown_html import markdown_html
from a3s_magics.sanitise import safe_markdown, safe_target, terminal_text, without_controls

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "text <b onmouseover=alert(1)>bold</b>",
    "<iframe src=https://evil.example></iframe>",
    "<svg><script>alert(1)</script></svg>",
    "<!-- comment --><script>alert(1)</script>",
    "<style>@import url(https://evil.example)</style>",
    "<details open ontoggle=alert(1)>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click]( javascript:alert(1) )",
    "[click](<javascript:alert(1)>)",
    "[click](<java script:alert(1)>)",
    "[click](&#106;avascript:alert(1))",
    "[click](&#x6A;avascript&colon;alert(1))",
    "[click](javascript&#58;alert(1))",
    "[click](java\\script:alert(1))",
    "[click](javascript\\:alert(1))",
    "[click](\x01javascript:alert(1))",
    "[click](java\tscript:alert(1))",
    "](x/[click](javascript:alert(1))",
    "](x/[click](javascript:alert(1)",
    "[a](b/](x/[click](javascript:alert(1))",
    "[click](javascript:a(b(c(d(1)))))",
    "[click](data:text/html,<script>alert(1)</script>)",
    "[click](vbscript:msgbox)",
    "[click](//evil.example/x)<script>",
    "[click][x]\n\n[x]: javascript:alert(1)",
    "[click][x]\n\n[x]:\njavascript:alert(1)",
    "> [click][x]\n>\n> [x]: javascript:alert(1) 'title'",
    "- [click][x]\n\n  [x]: <javascript:alert(1)>",
    "<javascript:alert(1)>",
    "![track](https://evil.example/p.png)",
    "![track](//evil.example/p.png)",
    "![track][x]\n\n[x]: https://evil.example/p.png",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "[![a](https://evil.example/p.png)](javascript:alert(1))",
    "![a\\](https://evil.example/p.png)](https://evil.example/q.png)",
    "`` ` `` <img src=x onerror=alert(1)> `` ` ``",
    "` <img src=x onerror=alert(1)>",
    "a ` b\nc ` <img src=x onerror=alert(1)> ` d",
    "\\` <img src=x onerror=alert(1)> `",
    "| ` | <img src=x onerror=alert(1)> ` |\n|--|--|\n| 1 | 2 |",
    "| a |\n|--|\n| ` | <img src=x onerror=alert(1)> ` |",
    "- ```\n<img src=x onerror=alert(1)>",
    "> ```\n<img src=x onerror=alert(1)>",
    " ```\nfoo\n```\n<img src=x onerror=alert(1)>",
    "para\n     ```\n<img src=x onerror=alert(1)>",
    "```\ncode\n``` x\n```\n<img src=x onerror=alert(1)>",
    "~~~\n```\n~~~\n<img src=x onerror=alert(1)>\n```",
    "    indented\n<img src=x onerror=alert(1)>",
    "1. a\n\n       ```\n   <img src=x onerror=alert(1)>\n",
    "$x$ `$ <img src=x onerror=alert(1)> `$",
    "$`$<img src=x onerror=alert(1)>`",
    "$a `<img src=x onerror=alert(1)>` b$",
    "$$ <img src=x onerror=alert(1)> $$",
    "\\( <script>alert(1)</script> \\)",
    "<https://ok.example/`><img src=x onerror=alert(1)>`>",
    "<a href='`'><img src=x onerror=alert(1)>`",
    "# <img src=x onerror=alert(1)>\n===",
    "<div>\n\n<img src=x onerror=alert(1)>\n\n</div>",
    "<![CDATA[ x ]]><?php x ?><!DOCTYPE html>",
    "[a]: x '<script>alert(1)</script>'\n[a]",
    "a\r\n<img src=x onerror=alert(1)>\rb",
    "\x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x07",
]

# What Markdown itself makes; none of it loads or runs anything.
HARMLESS = frozenset(
    [
        "p",
        "a",
        "em",
        "strong",
        "code",
        "pre",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "blockquote",
        "hr",
        "br",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "del",
        "s",
        "span",
        "div",
        "section",
        "sup",
    ]
)


class Found(HTMLParser):
    """Everything in a page that could load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in HARMLESS:
            self.problems.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in ("src", "style", "srcset", "formaction"):
                self.problems.append(f"{tag} {name}")
            if name == "href" and urlsplit((value or "").strip()).scheme not in (
                "",
                "http",
                "https",
                "mailto",
            ):
                self.problems.append(f"href {value}")

    def handle_decl(self, decl: str) -> None:
        self.problems.append(decl)

    def handle_pi(self, data: str) -> None:
        self.problems.append(data)


RENDERERS = {
    # VS Code and, with its own sanitiser behind it, GitHub: CommonMark with raw HTML.
    "commonmark": MarkdownIt("commonmark", {"html": True}).enable("table").render,
    "gfm": MarkdownIt("gfm-like", {"html": True, "linkify": False}).render,
    # nbconvert: another parser, and no sanitiser at all.
    "mistune": mistune.create_markdown(escape=False, plugins=["table", "strikethrough", "math"]),
}


def problems_of(html: str) -> list[str]:
    found = Found()
    found.feed(html)
    found.close()
    return found.problems


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("text", HOSTILE)
def test_saved_markdown_is_harmless(text: str, renderer: str) -> None:
    render = RENDERERS[renderer]

    assert problems_of(str(render(safe_markdown(text)))) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_html_of_the_live_view_is_harmless(text: str) -> None:
    assert problems_of(markdown_html(text)) == []


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize(
    "text",
    [
        "[click](javascript:alert(1))",
        "[click](data:text/html,x)",
        "[click][x]\n\n[x]: javascript:alert(1)",
    ],
)
def test_a_dead_link_does_not_look_alive(text: str, renderer: str) -> None:
    html = str(RENDERERS[renderer](safe_markdown(text)))

    assert "<a" not in html
    assert "[click]" in html
    assert "#blocked" in html


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("opening", ["<details>", "<!--", "text\n<div>", "<script>"])
@pytest.mark.parametrize("end", ["", "```\n"])
def test_html_before_code_does_not_change_the_code(opening: str, end: str, renderer: str) -> None:
    html = str(RENDERERS[renderer](safe_markdown(f"{opening}\n```\n<b>\n{end}")))

    assert "&lt;b&gt;" in html
    assert "&amp;lt;" not in html


fragments = st.sampled_from(
    [
        "<img src=x onerror=alert(1)>",
        "<script>",
        "<details>",
        "<!--",
        "`",
        "``",
        "```",
        "~~~",
        "\n",
        "\n\n",
        " ",
        "    ",
        "\t",
        "- ",
        "> ",
        "1. ",
        "|",
        "\n|--|--|\n",
        "$",
        "$$",
        "$5",
        "\\$",
        "\\",
        "\\(",
        "\\)",
        "[a](",
        "](",
        "(",
        "x/",
        "![a](",
        ")",
        "[a]: ",
        "javascript:alert(1)",
        "<https://a.example>",
        "<",
        ">",
        "text",
        "# ",
        "*",
        "_",
        "***\n",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(fragments, max_size=14).map("".join))
def test_no_combination_of_markdown_lets_html_through(text: str) -> None:
    safe = safe_markdown(text)

    for name, render in RENDERERS.items():
        assert problems_of(str(render(safe))) == [], (name, safe)
    assert problems_of(markdown_html(text)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a < b and c > d", "a &lt; b and c > d"),
        ("`<b>` and <b>", "`<b>` and &lt;b>"),
        ("```html\n<b>\n```\n<i>", "```html\n<b>\n```\n&lt;i>"),
        ("see <https://a.example/x>", "see <https://a.example/x>"),
        ("$a < b$", r"$a \lt  b$"),
        ("[ok](https://a.example) [rel](src/a.py)", "[ok](https://a.example) [rel](src/a.py)"),
        ("[bad](javascript:x)", "[bad]&#40;#blocked)"),
        ("[bad](javascript:f(1)) text", "[bad]&#40;#blocked) text"),
        ("[bad](javascript:f(g(1)))", "[bad]&#40;#blocked)"),
        ("[wiki](https://a.example/A_(b)) text", "[wiki](https://a.example/A_(b)) text"),
        ("![plot](https://a.example/p.png)", "[image: plot](https://a.example/p.png)"),
        ("plain *text* costs $5", "plain *text* costs $5"),
        ("| a | b |\n|---|---|\n| `x` | 2 |", "| a | b |\n|---|---|\n| `x` | 2 |"),
        ("from $5 to US$6", f"from {DOLLAR}5 to US{DOLLAR}6"),
        ("| $5 | *$6* |", f"| {DOLLAR}5 | *{DOLLAR}6* |"),
        (r"\$5 and \$6", f"{DOLLAR}5 and {DOLLAR}6"),
        ("$HOME, $x^2$ now", f"{DOLLAR}HOME, $x^2$ now"),
        (r"$5 \$6 `$x <b>` $7", f"{DOLLAR}5 {DOLLAR}6 `$x <b>` {DOLLAR}7"),
        ("$x$ and $y_1$, $ z = 1 $", "$x$ and $y_1$, $ z = 1 $"),
        ("[x](https://a.example/?q=$5&r=$6)", "[x](https://a.example/?q=$5&r=$6)"),
    ],
)
def test_ordinary_markdown_survives(text: str, expected: str) -> None:
    assert safe_markdown(text) == expected


@pytest.mark.parametrize("text", ["from $5 to $6", "| $5 | $6 |", r"\$5 and \$6"])
def test_prices_in_the_live_view_are_no_formula(text: str) -> None:
    """MathJax reads the finished page and finds no border of a formula in an element of its own."""
    assert "<span>$</span>5" in markdown_html(text)
    assert "$x$" in markdown_html(f"{text} and $x$")


def test_much_text_behind_a_dollar_is_judged_in_one_go() -> None:
    much = "$a" + "=" * 200_000

    assert safe_markdown(f"{much} $b") == f"{much} {DOLLAR}b"


def test_many_beginnings_of_formulas_are_judged_in_one_go() -> None:
    """Each looked for its end in all of the text: 40 kB took half a minute."""
    much = "<" + "\\(" * 100_000

    assert safe_markdown(much) == "&lt;" + "\\(" * 100_000
    assert r"\(a \\ b\)" in markdown_html(
        r"\(a \\ b\) and \[\begin{matrix} a \\[2pt] b\end{matrix}\]"
    )
    assert r"a \\[2pt] b" in markdown_html(r"\[a \\[2pt] b\]")


@given(st.text(alphabet="abc `*_#-\n1.|\\", max_size=200))
def test_text_without_html_links_and_dollars_is_not_touched(text: str) -> None:
    assert safe_markdown(text) == text


@pytest.mark.parametrize(
    ("target", "safe"),
    [
        ("https://a.example", True),
        ("HTTP://a.example", True),
        ("mailto:a@b.example", True),
        ("notebooks/a.ipynb", True),
        ("#part", True),
        ("?q=a:b", True),
        ("a/b:c", True),
        ("", True),
        ("javascript:x", False),
        ("java&#x73;cript:x", False),
        ("&amp;#106;avascript:x", False),
        ("file:///etc/passwd", False),
        ("blob:x", False),
        ("\u200bjavascript:x", False),
    ],
)
def test_schemes(target: str, safe: bool) -> None:
    assert safe_target(target) is safe


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://a\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x00b\x08c\x7f", "abc"),
        ("a\u202ereversed", "areversed"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("crlf\r\nline", "crlf\nline"),
        ("\x9b31mred", "red"),
        ("emoji 👩‍🔬 and ümlaut", "emoji 👩‍🔬 and ümlaut"),
    ],
)
def test_controls_disappear(text: str, expected: str) -> None:
    assert without_controls(text) == expected


def test_a_progress_bar_shows_its_last_state() -> None:
    assert terminal_text(" 10%\r 50%\r100%\ndone\r\n") == "100%\ndone\n"


@given(st.text(max_size=100))
def test_no_escape_survives(text: str) -> None:
    left = without_controls(text)

    assert "\x1b" not in left
    assert all(character >= " " or character in "\t\n" for character in left)
