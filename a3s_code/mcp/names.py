"""Names under which the tools of MCP servers are offered to models."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from a3s_code.errors import InvalidArgument

MAX_TOOL_NAME = 64  # what every provider accepts
MAX_SERVER_NAME = 48
_HASH_LENGTH = 8
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")


def server_part(server: str) -> str:
    """The server's name as it stands in the names of its tools.

    Other characters than letters, digits, `_` and `-` become `_`, and several `_` become one: `__`
    ends the server's part, and a permission rule `mcp__server` must cover this server and no other.
    Raises `InvalidArgument` for a blank name and for one of more than 48 characters, of which a cut
    name of a tool would not keep enough for such a rule.
    """
    if not isinstance(server, str) or not server.strip():
        raise InvalidArgument("an MCP server needs a name")
    if len(server) > MAX_SERVER_NAME:
        raise InvalidArgument(
            f"the name of an MCP server has at most {MAX_SERVER_NAME} characters: {server[:60]!r}"
        )
    part = re.sub("_+", "_", _FOREIGN.sub("_", server)).strip("_")
    return part or _digest(server)


def tool_names(server: str, tools: Iterable[str]) -> dict[str, str]:
    """The tools' own names by the names that models see, `mcp__<server>__<tool>`, in order.

    A name that is too long, or that another tool of the server already has, ends in a hash of the
    real one, so it is the same in every session. A name that comes twice counts once.
    """
    prefix = f"mcp__{server_part(server)}__"
    found: dict[str, str] = {}
    for tool in dict.fromkeys(tools):
        name = prefix + _FOREIGN.sub("_", tool)
        if len(name) > MAX_TOOL_NAME or name in found:
            name = f"{name[: MAX_TOOL_NAME - _HASH_LENGTH - 1]}_{_digest(tool)}"
        found[name] = tool
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]
