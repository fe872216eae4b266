"""A search in a process of its own, for expressions that could keep `re` busy for ever.

`re` tries alternatives one after another and cannot be interrupted while it does, and it holds the
interpreter meanwhile: a pattern such as `(a+)+$` would freeze the whole program. A process can be
killed at any moment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

from a3s_code.errors import ToolFailed
from a3s_code.tools.limits import Limits
from a3s_code.tools.match import Match, Matches
from a3s_code.tools.orphans import orphan_watch
from a3s_code.tools.search_here import search_here
from a3s_code.tools.workspace import Workspace

_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); import {0}; {0}.main()"


def search_isolated(request: Mapping[str, Any], limits: Limits) -> Matches:
    """The matches of `search_here(**request)`.

    `request` must be JSON; its `root` is the workspace. Raises what `limits` raise, and `ToolFailed`
    when the search failed.
    """
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", _START.format(__name__), json.dumps(sys.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=os.name == "posix",
    )
    timer = threading.Timer(limits.seconds_left, process.kill)
    timer.daemon = True
    timer.start()
    limits.stop.on_request(process.kill)
    try:
        with orphan_watch.over(process.pid):
            answer, _ = process.communicate(json.dumps(request).encode())
    finally:
        timer.cancel()
        process.kill()
        process.wait()
    limits.check()
    if process.returncode != 0:
        raise ToolFailed(f"Search ended with exit code {process.returncode}")
    found = json.loads(answer)
    if "problem" in found:
        raise ToolFailed(found["problem"])
    matches = Matches(Match(*match) for match in found["matches"])
    matches.complete = found["complete"]
    return matches


def main() -> None:
    """The other side: one request from standard input, one answer to standard output."""
    request = json.load(sys.stdin.buffer)
    workspace = Workspace(request.pop("root"))
    answer: dict[str, Any]
    try:
        found = search_here(workspace, **request, use_ripgrep=False)
        assert found is not None
        answer = {"matches": found, "complete": found.complete}
    except ToolFailed as failure:
        answer = {"problem": failure.problem}
    json.dump(answer, sys.stdout)
