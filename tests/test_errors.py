"""What holds for every error of the library."""

from __future__ import annotations

import copy
import pickle

import pytest

from a3s_code import (
    A3SError,
    ConfigError,
    ExecutionError,
    InvalidHistory,
    ModelRefused,
    PromptBlocked,
    SessionConflict,
)

ERRORS = [
    ExecutionError("it broke", text="so far"),
    PromptBlocked("no"),
    ModelRefused(
        "no", text="so far", url="http://h", status=429, retry_after_s=2.0, retryable=True
    ),
    ConfigError("bad", path="agent.hcl", line=3, column=7),
    SessionConflict("changed", session_id="s1"),
    InvalidHistory("not a list"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_copy_is_the_same(error: A3SError) -> None:
    for other in (copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
        assert type(other) is type(error)
        assert str(other) == str(error)
        assert vars(other) == vars(error)


def test_control_characters_are_spelled_out() -> None:
    """A terminal would obey them."""
    error = ExecutionError("\x1b[2J\x07gone\x9b1m \u202ereversed\r\nnext\tline é 😀")
    shown = "\\x1b[2J\\x07gone\\x9b1m \\u202ereversed\\x0d\nnext\tline é 😀"
    assert error.problem == shown
    assert str(error) == f"Agent execution failed: {shown}"
