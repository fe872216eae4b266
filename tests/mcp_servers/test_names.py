"""The names under which models see the tools of servers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code import InvalidArgument, PermissionRule
from a3s_code.mcp.names import MAX_SERVER_NAME, server_part, tool_names


def test_plain_names_stay_as_they_are() -> None:
    assert tool_names("git-hub", ["list_issues", "get"]) == {
        "mcp__git-hub__list_issues": "list_issues",
        "mcp__git-hub__get": "get",
    }


@pytest.mark.parametrize(
    ("server", "part"),
    [("my server", "my_server"), ("a..b", "a_b"), ("a__b", "a_b"), ("_x_", "x"), ("é", None)],
)
def test_the_part_of_the_server(server: str, part: str | None) -> None:
    found = server_part(server)
    assert found == part if part else re.fullmatch("[0-9a-f]{8}", found)


@pytest.mark.parametrize("server", ["", "  ", "x" * (MAX_SERVER_NAME + 1)])
def test_names_that_a_server_cannot_have(server: str) -> None:
    with pytest.raises(InvalidArgument):
        server_part(server)


names = st.text(min_size=1, max_size=90)


@given(
    st.text(min_size=1, max_size=MAX_SERVER_NAME).filter(str.strip), st.lists(names, unique=True)
)
def test_every_tool_has_a_name_that_providers_accept_and_rules_cover(
    server: str, tools: list[str]
) -> None:
    found = tool_names(server, tools)
    assert sorted(found.values()) == sorted(tools)
    rule = PermissionRule(f"mcp__{server_part(server)}")
    for name in found:
        assert re.fullmatch("[A-Za-z0-9_-]{1,64}", name)
        assert rule.matches(name, {})
    assert tool_names(server, tools) == found


def test_names_that_would_be_the_same_differ_by_a_hash() -> None:
    first, second = tool_names("s", ["a.b", "a_b"])
    assert first == "mcp__s__a_b"
    assert re.fullmatch("mcp__s__a_b_[0-9a-f]{8}", second)
