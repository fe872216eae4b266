"""Keys that are known by their value never come out, however a text is cut."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.security.known_keys import PLACEHOLDER, KnownKeys

KEYS = ("sk-ant-0123456789", "sk-ant-0123456789-long", "aaaaaab", 'quo"ted key/1')


def in_pieces(keys: KnownKeys, pieces: list[str]) -> str:
    stream = keys.stream()
    return "".join([*map(stream.feed, pieces), stream.close()])


def test_a_key_is_replaced_in_each_spelling() -> None:
    keys = KnownKeys(KEYS)
    text = 'a sk-ant-0123456789 b sk-ant-0123456789-long c "quo\\"ted key/1" d quo%22ted%20key%2F1'
    shown = keys.redact(text)
    assert shown == f'a {PLACEHOLDER} b {PLACEHOLDER} c "{PLACEHOLDER}" d {PLACEHOLDER}'
    assert keys.redact_all({"a": [KEYS[0], 3], "b": (None, {"c": KEYS[2]})}) == {
        "a": [PLACEHOLDER, 3],
        "b": (None, {"c": PLACEHOLDER}),
    }


def test_a_copy_learns_for_itself() -> None:
    """The sessions of an agent start with its keys, and keep to themselves what they add."""
    agents = KnownKeys(KEYS[:1])
    session, other = agents.copy(), agents.copy()
    session.add(KEYS[2:3])
    text = f"{KEYS[0]} {KEYS[2]}"
    assert session.redact(text) == f"{PLACEHOLDER} {PLACEHOLDER}"
    assert agents.redact(text) == other.redact(text) == f"{PLACEHOLDER} {KEYS[2]}"


def test_words_that_are_no_keys_stay() -> None:
    """What people give a local server that wants a key; and what is too short to be one."""
    keys = KnownKeys(["ollama", "k", "", "EMPTY", "not-needed", "LM-Studio"])
    assert not keys
    assert keys.redact("ollama is not-needed") == "ollama is not-needed"


def test_no_key_is_in_a_repr() -> None:
    keys = KnownKeys(KEYS)
    assert repr(keys).startswith("KnownKeys(")
    assert keys.redact(repr(keys)) == repr(keys)


@pytest.mark.parametrize("key", [*KEYS, "schlüssel-0123", "abcdef"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "export KEY="])
@pytest.mark.parametrize("behind", ["", "\n", "xy", "xyz"])
def test_a_key_in_base64_is_found_wherever_it_begins(
    key: str, encode: Callable[[bytes], bytes], before: str, behind: str
) -> None:
    """What is left tells the text around it, and six bits of the key at each end at most."""
    text = encode(f"{before}{key}{behind}".encode()).decode()
    shown = KnownKeys([key]).redact(f"<{text}>")
    assert PLACEHOLDER in shown
    left, right = shown[1:-1].split(PLACEHOLDER)
    assert len(left) <= -(-(len(before) * 8) // 6)
    assert len(right) <= 4 + -(-(len(behind) * 8) // 6)


@pytest.mark.parametrize(
    "spell",
    [
        lambda key: key.encode().hex(),
        lambda key: key.encode().hex().upper(),
        quote,
        quote_plus,
        lambda key: quote(key, safe=""),
        lambda key: re.sub("%..", lambda escape: escape[0].lower(), quote(key, safe="")),
        lambda key: json.dumps(key, ensure_ascii=False)[1:-1],
    ],
)
def test_a_key_is_found_in_hexadecimal_digits_addresses_and_forms(
    spell: Callable[[str], str],
) -> None:
    for key in ("sk-0123/456+789", "schlüssel 0123", 'quo"ted'):
        assert KnownKeys([key]).redact(f"<{spell(key)}>") == f"<{PLACEHOLDER}>"


@given(st.binary(max_size=300))
def test_ordinary_base64_stays(data: bytes) -> None:
    text = base64.b64encode(data).decode()
    assert KnownKeys(["sk-ant-0123456789"]).redact(text) == text


def test_only_what_may_become_a_key_is_held_back() -> None:
    stream = KnownKeys(KEYS).stream()
    assert stream.feed("no key here, sk-ant-01234") == "no key here, "
    assert stream.feed("!") == "sk-ant-01234!"
    assert stream.feed("sk-ant-0123456789") == ""  # the longer one may follow
    assert stream.feed(" ") == f"{PLACEHOLDER} "
    assert stream.close() == ""


@given(
    st.lists(
        st.sampled_from([*KEYS, *(key[:-1] for key in KEYS), "a", "s", " ", "-"]), max_size=12
    ),
    st.data(),
)
def test_any_cut_gives_the_whole(parts: list[str], data: st.DataObject) -> None:
    """No key comes out, and what is shown does not depend on where the text was cut."""
    text, keys = "".join(parts), KnownKeys(KEYS)
    pieces, rest = [], text
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        pieces.append(rest[:size])
        rest = rest[size:]
    shown = in_pieces(keys, pieces)
    assert shown == in_pieces(keys, [text])
    assert not any(key in shown for key in KEYS)
