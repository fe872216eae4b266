"""Worktrees of a repository, for the `git` tool."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from a3s_code.errors import ToolFailed
from a3s_code.tools.git_command import run_git
from a3s_code.tools.git_reading import read_git
from a3s_code.tools.protocol import ToolOutput


@dataclass(frozen=True, slots=True)
class Worktree:
    """One worktree; `state` is its branch in brackets, `(bare)` or `(detached HEAD)`."""

    path: str
    state: str


async def worktree(cwd: str, args: Mapping[str, Any]) -> ToolOutput:
    """List, create or remove worktrees. Raises `ToolFailed`."""
    match args.get("subcommand", "list"):
        case "list":
            return await _list(cwd)
        case "create":
            return await _create(cwd, args)
        case "remove":
            return await _remove(cwd, args)
        case other:
            raise ToolFailed(f"Unknown subcommand: {other}. Use list, create or remove")


def parse_worktrees(porcelain: str) -> Iterator[Worktree]:
    """Worktrees out of `git worktree list --porcelain -z`."""
    for block in porcelain.strip("\0").split("\0\0"):
        path, state = "", "(detached HEAD)"
        for line in block.split("\0"):
            key, _, value = line.partition(" ")
            if key == "worktree":
                path = value
            elif key == "bare":
                state = "(bare)"
            elif key == "branch":
                state = f"[{value.removeprefix('refs/heads/')}]"
        if path:
            yield Worktree(path, state)


async def _list(cwd: str) -> ToolOutput:
    listing = await read_git(cwd, "worktree", "list", "--porcelain", "-z")
    found = list(parse_worktrees(listing.checked()))
    lines = [f"  {tree.path}  {tree.state}" for tree in found]
    return ToolOutput("\n".join([f"Worktrees ({len(found)}):", *lines]))


async def _create(cwd: str, args: Mapping[str, Any]) -> ToolOutput:
    branch = args.get("name")
    if not branch:
        raise ToolFailed("name parameter is required")
    top = (await read_git(cwd, "rev-parse", "--show-toplevel")).checked()
    default = Path(top).parent / f"{Path(top).name}-{branch.replace('/', '-')}"
    path = _absolute(cwd, args.get("path") or str(default))
    options = ["--force"] if args.get("force") else []
    if args.get("new_branch", True):
        options += ["-b", branch, path, args.get("base") or "HEAD"]
    else:
        options += [path, branch]
    (await run_git(cwd, "worktree", "add", *options)).checked()
    text = f"Created worktree\nPath: {path}\nBranch: {branch}"
    return ToolOutput(text, metadata={"path": path, "branch": branch})


def _absolute(cwd: str, path: str) -> str:
    return os.path.normpath(os.path.join(cwd, path))


async def _remove(cwd: str, args: Mapping[str, Any]) -> ToolOutput:
    if not args.get("path"):
        raise ToolFailed("path parameter is required")
    path = _absolute(cwd, args["path"])
    options = ["--force"] if args.get("force") else []
    (await run_git(cwd, "worktree", "remove", *options, path)).checked()
    return ToolOutput(f"Removed worktree {path}", metadata={"path": path})
