"""Cutting of streaming Markdown: nothing lost, nothing torn, bytes in proportion."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from a3s_magics.blocks import BlockCutter

PARAGRAPH = "Some words of an ordinary paragraph, long enough to matter here.\n\n"


def blocks_of(
    text: str, pieces: list[str] | None = None, block_chars: int = 200, *, eager: bool = False
) -> list[str]:
    cutter = BlockCutter(block_chars, eager=eager)
    for piece in pieces or [text]:
        cutter.feed(piece)
    cutter.close()
    return cutter.frozen


def code_of(blocks: list[str]) -> str:
    """The content of all fenced blocks, as a CommonMark parser sees it."""
    parser = MarkdownIt("commonmark")
    return "".join(
        token.content for block in blocks for token in parser.parse(block) if token.type == "fence"
    )


markdown = st.lists(
    st.sampled_from(
        [
            PARAGRAPH,
            "# Heading\n",
            "- item\n",
            "1. item\n",
            "\n",
            "plain line\n",
            "word " * 100,
            "x" * 900,
            "| a | b |\n",
            "    indented\n",
            "with $x$\n",
        ]
    ),
    max_size=40,
).map("".join)


@given(markdown, st.lists(st.integers(1, 50), max_size=20), st.booleans())
def test_text_without_fences_is_cut_and_nothing_else(
    text: str, sizes: list[int], eager: bool
) -> None:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(text[at : at + size])
        at += size
    pieces.append(text[at:])

    blocks = blocks_of(text, pieces, eager=eager)
    assert "".join(blocks) == text
    assert blocks == blocks_of(text, list(text) or [""], eager=eager)


def test_what_is_frozen_never_changes() -> None:
    cutter = BlockCutter(200)
    seen: list[str] = []
    for piece in PARAGRAPH * 40:
        cutter.feed(piece)
        assert cutter.frozen[: len(seen)] == seen
        seen = list(cutter.frozen)
    assert "".join(seen) + cutter.tail == PARAGRAPH * 40


def test_paragraphs_are_cut_between_each_other() -> None:
    blocks = blocks_of(PARAGRAPH * 20)

    assert len(blocks) > 4
    assert all(block.startswith("Some") and block.endswith("\n\n") for block in blocks)


def test_a_code_block_that_fits_is_not_cut() -> None:
    code = "```python\n" + "\n\n".join(f"value_{n} = {n}" for n in range(25)) + "\n```\n"
    text = PARAGRAPH * 4 + code + "\n" + PARAGRAPH * 4

    assert sum("```" in block for block in blocks_of(text)) == 1


@pytest.mark.parametrize(
    "finished",
    [
        "```python\nx = 1\n```\n",
        "The mean is $\\bar x$.\n\n",
        "$$\nx = 1\n$$\n\n",
        "By \\(x\\) and\n\\[\ny\n\\]\n\n",
    ],
)
def test_code_and_formulas_are_final_as_soon_as_they_are_complete(finished: str) -> None:
    """They look different when they are: nobody should wait for the rest of the block."""
    cutter = BlockCutter(200, eager=True)

    cutter.feed(f"Words.\n\n{finished[:-1]}")
    assert cutter.frozen == []
    cutter.feed("\n")
    assert (cutter.frozen, cutter.tail) == ([f"Words.\n\n{finished}"], "")


@pytest.mark.parametrize(
    "unfinished",
    [
        "- item\n\n  ```python\n  x = 1\n  ```\n",
        "1. It is $x$.\n\n",
        "$x$ and\n",
        "| $a$ | b |\n|---|---|\n| 1 | 2 |\n",
        "$$\nx = 1\n\n",
        "It costs $5.\n\n",
    ],
)
def test_what_may_go_on_stays_together(unfinished: str) -> None:
    """An item that follows belongs to the list, a row to the table; a price is no formula."""
    cutter = BlockCutter(200, eager=True)

    cutter.feed(f"Words.\n\n{unfinished}")

    assert cutter.frozen == []


def test_a_code_block_that_is_too_long_is_closed_and_opened_again() -> None:
    lines = "".join(f"value_{n} = {n}  # ``` is no fence here\n" for n in range(200))
    blocks = blocks_of(f"~~~~python\n{lines}~~~~\n")

    assert len(blocks) > 5
    assert code_of(blocks) == lines
    assert all(block.startswith("~~~~python\n") for block in blocks)


def test_a_code_block_without_an_end_is_still_cut() -> None:
    lines = "x = 1\n" * 1000

    assert code_of(blocks_of("```\n" + lines)) == lines


def test_a_formula_is_not_cut_at_a_blank_line() -> None:
    formula = "$$\n" + "a + b \\\\\n\n" * 8 + "$$\n"
    blocks = blocks_of(PARAGRAPH * 3 + formula + "\n" + PARAGRAPH * 3)

    assert all(block.count("$$") % 2 == 0 for block in blocks)


def test_a_long_table_keeps_its_head_in_every_block() -> None:
    head = "| n | square |\n|---|-------:|\n"
    blocks = blocks_of(head + "".join(f"| {n} | {n * n} |\n" for n in range(300)))

    assert len(blocks) > 3
    assert all(block.startswith(head) for block in blocks)
    rows = re.findall(r"\| (\d+) \|", "".join(blocks))
    assert rows == [str(n) for n in range(300)]


def test_a_long_list_is_cut_between_items() -> None:
    text = "".join(f"{n}. item with a few words\n   and a second line\n" for n in range(1, 100))
    blocks = blocks_of(text)

    assert len(blocks) > 3
    assert all(re.match(r"\d+\. ", block) for block in blocks)


def test_the_tail_stays_short_whatever_comes() -> None:
    """What is sent again and again is bounded, so bytes on the wire grow with the text only."""
    for text in (PARAGRAPH * 200, "word " * 5000, "x" * 20_000, "- item\n" * 3000, "```\n" * 999):
        cutter = BlockCutter(200)
        longest = 0
        for at in range(0, len(text), 7):
            cutter.feed(text[at : at + 7])
            longest = max(longest, len(cutter.tail))
        assert longest <= 200 * 9, text[:10]
