"""Keys that are known by their value never come out, however a text is cut."""

from __future__ import annotations

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


def test_words_that_are_no_keys_stay() -> None:
    """What people give a local server that wants a key; and what is too short to be one."""
    keys = KnownKeys(["ollama", "k", "", "EMPTY", "not-needed", "LM-Studio"])
    assert not keys
    assert keys.redact("ollama is not-needed") == "ollama is not-needed"


def test_no_key_is_in_a_repr() -> None:
    assert repr(KnownKeys(KEYS)) == f"KnownKeys({len(KEYS) + 2})"


def test_only_what_may_become_a_key_is_held_back() -> None:
    stream = KnownKeys(KEYS).stream()
    assert stream.feed("no key here, sk-ant-01234") == "no key here, "
    assert stream.feed("x") == "sk-ant-01234x"
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
