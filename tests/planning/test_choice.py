"""When a request is planned."""

from __future__ import annotations

import pytest

from a3s_code.errors import InvalidArgument
from a3s_code.planning.choice import is_planned

STEPS = "1. read the data\n2. plot it"


@pytest.mark.parametrize("planning", [True, False])
@pytest.mark.parametrize("prompt", ["hi", STEPS])
def test_the_mode_wins_over_the_switch(planning: bool, prompt: str) -> None:
    assert is_planned(prompt, planning=planning, mode=None) is planning
    assert is_planned(prompt, planning=planning, mode="enabled") is True
    assert is_planned(prompt, planning=planning, mode="disabled") is False


@pytest.mark.parametrize(
    ("prompt", "planned"),
    [
        ("hi", False),
        ("what does this function do?", False),
        ("- one point", False),
        (STEPS, True),
        ("- read\n- plot", True),
        ("read the data and then plot it", True),
        ("first clean it, afterwards plot it", True),
        ("word " * 61, True),
    ],
)
def test_auto_plans_what_looks_like_several_steps(prompt: str, planned: bool) -> None:
    assert is_planned(prompt, planning=False, mode="auto") is planned


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="auto, enabled or disabled, not 'sometimes'"):
        is_planned("hi", planning=True, mode="sometimes")
