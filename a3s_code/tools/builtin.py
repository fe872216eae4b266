"""The tools that need nothing but a workspace."""

from __future__ import annotations

from a3s_code.config.model import WebSettings
from a3s_code.config.search import SearchConfig
from a3s_code.tools.bash import Bash
from a3s_code.tools.batch import Batch
from a3s_code.tools.edit import Edit
from a3s_code.tools.git import Git
from a3s_code.tools.glob import Glob
from a3s_code.tools.grep import Grep
from a3s_code.tools.ls import Ls
from a3s_code.tools.patch import Patch
from a3s_code.tools.protocol import Tool
from a3s_code.tools.read import Read
from a3s_code.tools.sandbox import Sandbox, SandboxedBash
from a3s_code.tools.web_fetch import WebFetch
from a3s_code.tools.web_search import WebSearch
from a3s_code.tools.write import Write

# These keep nothing between two calls, so all sessions share them.
_FILES: tuple[Tool, ...] = (Read(), Write(), Edit(), Patch())
_BASH = Bash()
_LOOKING: tuple[Tool, ...] = (Grep(), Glob(), Ls())
_OTHERS: tuple[Tool, ...] = (Git(), Batch())


def builtin_tools(
    *,
    web: WebSettings | None = None,
    search: SearchConfig | None = None,
    sandbox: Sandbox | None = None,
) -> list[Tool]:
    """The tools of a session, in their documented order.

    `web` and `search` are the blocks of the configuration for the web tools; `sandbox` runs the
    commands of `bash` when it is given. `task`, `parallel_task`, `run_team` and `Skill` need a
    session and are made there.
    """
    allowed_hosts = frozenset(web.allow_private_hosts if web else ())
    return [
        *_FILES,
        _BASH if sandbox is None else SandboxedBash(sandbox),
        *_LOOKING,
        WebFetch(allowed_hosts),
        WebSearch(search, allowed_hosts=allowed_hosts),
        *_OTHERS,
    ]
