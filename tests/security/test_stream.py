"""A redacted stream shows the redacted text, however the text is cut into pieces."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from a3s_code.security.patterns import BREAKS, custom_redaction, never_spans_space
from a3s_code.security.provider import DefaultSecurityProvider
from a3s_code.security.stream import HELD_CHARACTERS, StreamRedactor
from tests.security.samples import ALNUM, HARMLESS, JWT, SECRETS

SPACELESS = ("ticket", r"TCK-\d+", "[TICKET]")
SPACED = ("passphrase", r"(?i)pass phrase is \S+ \S+", "[PHRASE]")
PROVIDERS = {
    "built-in": DefaultSecurityProvider(),
    "own pattern": DefaultSecurityProvider(patterns=[SPACELESS]),
    "own pattern with spaces": DefaultSecurityProvider(patterns=[SPACED]),
}


def opaque() -> StreamRedactor:
    """A redactor that knows nothing about what is looked for."""
    return StreamRedactor(DefaultSecurityProvider().sanitize_output)


MAKERS: dict[str, Callable[[], StreamRedactor]] = {
    **{name: provider.stream_redactor for name, provider in PROVIDERS.items()},
    "opaque": opaque,
}

# No such address exists; of one, the end alone is redacted when it arrives in pieces.
LONG_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{100,}@|@[A-Za-z0-9.-]{80,}")

values = st.sampled_from([*SECRETS, "TCK-12345", "pass phrase is open sesame"])
words = st.sampled_from(
    [*HARMLESS, "the", "sky", "12", "345", "1234", "+1", "(555)", "eyJ", "sk-", "ghp_"]
)
soup = st.text(alphabet="0123456789+-.() \n@ab_,eyJskgh是", max_size=40)
glue = st.sampled_from(["", " ", "  ", "\n", ", ", ".", "-", "@", "(", ")", "是", ": '"])
texts = st.lists(st.one_of(values, words, soup, glue), max_size=14).map("".join)
cuts = st.lists(st.integers(0, 3000), max_size=25)


def pieces_of(text: str, places: list[int]) -> list[str]:
    ends = [0, *sorted(min(place, len(text)) for place in places), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(ends)]


def shown(redactor: StreamRedactor, pieces: list[str]) -> str:
    return "".join([*map(redactor.feed, pieces), redactor.close()])


def whole(name: str, text: str) -> str:
    return PROVIDERS.get(name, PROVIDERS["built-in"]).sanitize_output(text)


@pytest.mark.parametrize("name", MAKERS)
@given(text=texts, places=cuts)
@example(text="1234 5678 9012 3456", places=[5])
@example(text="+12 (555) 123-4567", places=[4, 5, 9])
@example(text="call 555\n123 4567 now", places=[9, 12])
@settings(max_examples=150, deadline=None)
def test_the_pieces_together_are_the_redacted_text(name: str, text: str, places: list[int]) -> None:
    assume(not LONG_ADDRESS.search(text))
    assert shown(MAKERS[name](), pieces_of(text, places)) == whole(name, text)


@pytest.mark.parametrize("name", MAKERS)
@given(text=texts)
@settings(max_examples=40, deadline=None)
def test_one_character_at_a_time_is_no_exception(name: str, text: str) -> None:
    assume(not LONG_ADDRESS.search(text))
    assert shown(MAKERS[name](), list(text)) == whole(name, text)


@pytest.mark.parametrize("value", SECRETS)
@pytest.mark.parametrize("name", MAKERS)
def test_a_value_cut_anywhere_in_a_long_text_is_not_shown(name: str, value: str) -> None:
    """Words before and behind push out of the window what is not held for a reason."""
    before, after = "So the value is this: " * 15, ", and on it goes with words" * 15
    expected = before + SECRETS[value] + after
    for place in range(len(value) + 1):
        pieces = [before, value[:place], value[place:], after]
        assert shown(MAKERS[name](), pieces) == expected


@pytest.mark.parametrize("name", MAKERS)
@given(
    run=st.text(alphabet="ab-._X", min_size=260, max_size=700),
    value=st.sampled_from(["AKIAIOSFODNN7EXAMPLE", "sk-" + ALNUM, "ghp_" + ALNUM * 10, JWT]),
    places=cuts,
)
@settings(max_examples=40, deadline=None)
def test_a_value_behind_a_long_unbroken_run_is_not_shown(
    name: str, run: str, value: str, places: list[int]
) -> None:
    text = f"{run}.{value} end"
    output = shown(MAKERS[name](), pieces_of(text, places))
    assert value not in output
    assert output == whole(name, text)


def test_words_are_shown_as_soon_as_they_end() -> None:
    redactor = DefaultSecurityProvider().stream_redactor()
    pieces = ["Hel", "lo ", "wor", "ld, 12", " mon", "keys\n", "你", "好"]
    assert [redactor.feed(piece) for piece in pieces] == [
        "",
        "Hello ",
        "",
        "world, ",
        "12 ",
        "monkeys\n",
        "你",
        "好",
    ]
    assert redactor.close() == ""


def test_the_groups_of_a_number_wait_for_each_other() -> None:
    redactor = DefaultSecurityProvider().stream_redactor()
    pieces = ["4111 ", "1111 ", "1111 ", "1111", " ok"]
    assert [redactor.feed(piece) for piece in pieces] == ["", "", "", "", "[REDACTED:CC] "]
    assert redactor.close() == "ok"


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_at_most_256_characters_are_held_of_a_run_without_a_break(size: int) -> None:
    redactor = DefaultSecurityProvider().stream_redactor()
    text, seen = "x" * 2000, 0
    for start in range(0, len(text), size):
        piece = text[start : start + size]
        seen += len(redactor.feed(piece))
        assert start + len(piece) - seen <= HELD_CHARACTERS
    assert seen + len(redactor.close()) == len(text)


def test_at_most_256_characters_of_prose_are_held_for_an_unknown_provider() -> None:
    redactor, text, seen = opaque(), "all work and no play " * 200, 0
    for number, character in enumerate(text, 1):
        seen += len(redactor.feed(character))
        assert number - seen <= HELD_CHARACTERS + 64
    assert seen + len(redactor.close()) == len(text)


def test_a_redactor_begins_anew_after_its_end() -> None:
    redactor = DefaultSecurityProvider().stream_redactor()
    assert redactor.feed("123-45") == ""
    assert redactor.close() == "123-45"
    assert redactor.feed("-6789") == ""
    assert redactor.close() == "-6789"
    assert redactor.close() == ""


def test_without_sanitising_everything_passes_at_once() -> None:
    redactor = DefaultSecurityProvider(output_sanitising=False).stream_redactor()
    assert redactor.feed("123-45-6789") == "123-45-6789"


def test_a_provider_that_never_settles_is_heard_at_the_end() -> None:
    """One that adds something to every text gives no place to cut at."""
    redactor = StreamRedactor(lambda text: text + "!")
    assert "".join(redactor.feed("word ") for _ in range(1000)) == ""
    assert redactor.close() == "word " * 1000 + "!"


class Upper(DefaultSecurityProvider):
    """A subclass that looks for something else."""

    def sanitize_output(self, text: str) -> str:
        return re.sub(r"top secret: \w+", "***", text)


def test_a_subclass_that_redacts_otherwise_is_not_taken_for_its_base() -> None:
    redactor = Upper().stream_redactor()
    assert shown(redactor, ["a top ", "sec", "ret: ", "plan", "s now"]) == "a *** now"


PIECES = 20_000


class Counted:
    """Counts the characters that are looked at."""

    def __init__(self) -> None:
        self.provider = DefaultSecurityProvider()
        self.looked_at = 0

    def sanitize(self, text: str) -> str:
        self.looked_at += len(text)
        return self.provider.sanitize_output(text)


@pytest.mark.parametrize(
    "piece", ["word ", "1234 ", "x", "4", "eyJhbGci", "sk-ant-x", "(555) ", "a.", "\n", "是"]
)
@pytest.mark.parametrize("breaks", [BREAKS, None], ids=["built-in", "opaque"])
def test_small_pieces_cost_no_more_than_their_number(
    piece: str, breaks: re.Pattern[str] | None
) -> None:
    """The work grows with the number of pieces: what is looked at twice is bounded for each."""
    counted = Counted()
    redactor = StreamRedactor(counted.sanitize, breaks)
    output = [redactor.feed(piece) for _ in range(PIECES)]
    text = "".join(output) + redactor.close()
    assert text == counted.provider.sanitize_output(piece * PIECES)
    assert counted.looked_at < PIECES * 2 * HELD_CHARACTERS


@pytest.mark.parametrize(
    ("regex", "spaceless"),
    [
        (r"TCK-\d+", True),
        (r"[A-Z]{3}_\w{4,}", True),
        (r"id\.[0-9a-f]+", True),
        (r"(?:ab|cd)\b", True),
        (r"a b", False),
        (r"a.b", False),
        (r"a\sb", False),
        (r"a\Sb", False),
        (r"[^a]+", False),
        (r"^abc", False),
        (r"abc$", False),
        (r"a\x20b", False),
        (r"a\nb", False),
        ("a\tb", False),
        (r"\Aabc", False),
        ("[!-\N{IDEOGRAPHIC SPACE}]", False),
    ],
)
def test_only_patterns_that_surely_hold_no_space_break_at_spaces(
    regex: str, spaceless: bool
) -> None:
    assert never_spans_space(custom_redaction("x", regex, "y")) is spaceless
