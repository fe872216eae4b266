"""The `git` tool: the repository that the workspace is in."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from a3s_code.errors import ToolFailed
from a3s_code.tools.git_command import run_git
from a3s_code.tools.git_reading import PLAIN_DIFF, read_git
from a3s_code.tools.git_worktree import worktree
from a3s_code.tools.protocol import ToolContext, ToolOutput

_TEXT = {"type": "string"}
_FLAG = {"type": "boolean"}
_MAX_LOG = 1000
_STATUS_BYTES = 32 << 20


class Git:
    """Look at a repository, switch, stash, and handle worktrees."""

    name = "git"
    read_only = False
    description = (
        "Git in the workspace: status, log, branch (list, or create with name), checkout, diff, "
        "stash (list, or push with message), remote, worktree (list, create, remove)."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "command": {
                "type": "string",
                "description": "status, log, branch, checkout, diff, stash, remote or worktree.",
            },
            "max_count": {
                "type": "integer",
                "minimum": 1,
                "description": "log: number of commits; 10 by default.",
            },
            "name": {**_TEXT, "description": "branch: the new branch. worktree: its branch."},
            "base": {**_TEXT, "description": "branch, worktree: where to start; HEAD by default."},
            "ref": {**_TEXT, "description": "checkout: branch, tag or commit."},
            "force": {**_FLAG, "description": "checkout, worktree: also with local changes."},
            "target": {**_TEXT, "description": "diff: compare with this, for example HEAD~1."},
            "message": {**_TEXT, "description": "stash: save the changes under this message."},
            "include_untracked": {**_FLAG, "description": "stash: save new files too."},
            "subcommand": {**_TEXT, "description": "worktree: list (default), create or remove."},
            "path": {**_TEXT, "description": "worktree: its directory."},
            "new_branch": {**_FLAG, "description": "worktree create: make the branch; true."},
        },
        "required": ["command"],
        "additionalProperties": False,
        "examples": [{"command": "status"}, {"command": "diff", "target": "HEAD~1"}],
    }

    def reads_only(self, args: Mapping[str, Any]) -> bool:
        """Whether a call with these arguments changes neither files nor repository."""
        match args.get("command"):
            case "status" | "log" | "diff" | "remote":
                return True
            case "branch":
                return not args.get("name")
            case "stash":
                return not _pushes(args)
            case "worktree":
                return bool(args.get("subcommand", "list") == "list")
        return False

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """Run the command; a failure of git is a failure with git's own words."""
        command = _COMMANDS.get(args["command"])
        if command is None:
            known = ", ".join(_COMMANDS)
            raise ToolFailed(f"Unknown command: {args['command']}. Known commands: {known}")
        for name in ("name", "base", "ref", "target", "path"):
            if str(args.get(name, "")).startswith("-"):
                raise ToolFailed(f"{name} parameter must not start with '-'")
        cwd = str(ctx.workspace.root)
        inside = await read_git(cwd, "rev-parse", "--git-dir")
        if inside.exit_code != 0:
            raise ToolFailed(f"Not a git repository: {cwd}")
        return await command(cwd, args)


async def _status(cwd: str, _args: Mapping[str, Any]) -> ToolOutput:
    branch = await read_git(cwd, "symbolic-ref", "--short", "-q", "HEAD")
    commit = await read_git(cwd, "log", "-1", "--format=%h %s")
    listing = ("status", "--porcelain", "-z", "--ignore-submodules=dirty")
    changes = await read_git(cwd, *listing, compares_files=True, limit=_STATUS_BYTES)
    folders = await read_git(cwd, "rev-parse", "--git-dir", "--git-common-dir")
    name = branch.text.strip() or "(detached HEAD)"
    head = commit.text.strip() if commit.exit_code == 0 else "(no commits)"
    dirty = _count_changes(changes.checked())
    linked = _is_linked(cwd, *folders.checked().split("\n"))
    text = "\n".join(
        [
            f"Workspace: {cwd}",
            f"Branch: {name}",
            f"Commit: {head}",
            f"Status: {f'{dirty} uncommitted change(s)' if dirty else 'clean'}",
            f"Worktree: {'yes (linked)' if linked else 'no (main)'}",
        ]
    )
    return ToolOutput(text, metadata={"branch": name, "is_worktree": linked, "dirty_count": dirty})


def _is_linked(cwd: str, git_dir: str, common_dir: str) -> bool:
    """Whether a worktree has its own directory beside the repository's; both relative to `cwd`."""
    own, common = (os.path.realpath(os.path.join(cwd, path)) for path in (git_dir, common_dir))
    return own != common


def _count_changes(porcelain: str) -> int:
    """Entries of `status --porcelain -z`, where a rename has its old name as a second field."""
    fields, count = iter(porcelain.split("\0")), 0
    for entry in fields:
        if entry[2:3] == " ":  # and not a warning
            count += 1
            if entry[0] in "RC":
                next(fields, None)
    return count


async def _log(cwd: str, args: Mapping[str, Any]) -> ToolOutput:
    count = min(args.get("max_count", 10), _MAX_LOG)
    result = await read_git(cwd, "log", f"-{count}", "--format=%h %an %ad %s", "--date=short")
    return ToolOutput(result.checked())


async def _branch(cwd: str, args: Mapping[str, Any]) -> ToolOutput:
    name = args.get("name")
    if not name:
        result = await read_git(cwd, "branch", "--list", "--all")
        return ToolOutput(result.checked() or "No branches")
    base = args.get("base")
    (await run_git(cwd, "branch", name, *([base] if base else []))).checked()
    return ToolOutput(f"Created branch {name}", metadata={"branch": name})


async def _checkout(cwd: str, args: Mapping[str, Any]) -> ToolOutput:
    ref = args.get("ref") or args.get("name")
    if not ref:
        raise ToolFailed("ref parameter is required")
    force = ["--force"] if args.get("force") else []
    # The trailing -- keeps a file of that name from being taken for the reference.
    result = await run_git(cwd, "checkout", *force, ref, "--")
    return ToolOutput(result.checked() or f"Switched to {ref}")


async def _diff(cwd: str, args: Mapping[str, Any]) -> ToolOutput:
    target = args.get("target")
    options = (*PLAIN_DIFF, *([target] if target else []), "--")
    result = await read_git(cwd, "diff", *options, compares_files=True)
    return ToolOutput(result.checked() or "No differences")


def _pushes(args: Mapping[str, Any]) -> bool:
    return bool(args.get("message")) or bool(args.get("include_untracked"))


async def _stash(cwd: str, args: Mapping[str, Any]) -> ToolOutput:
    if not _pushes(args):
        return ToolOutput((await read_git(cwd, "stash", "list")).checked() or "No stashes")
    options = ["--include-untracked"] if args.get("include_untracked") else []
    if args.get("message"):
        options.append(f"--message={args['message']}")
    return ToolOutput((await run_git(cwd, "stash", "push", *options)).checked())


async def _remote(cwd: str, _args: Mapping[str, Any]) -> ToolOutput:
    return ToolOutput((await read_git(cwd, "remote", "-v")).checked() or "No remotes")


_COMMANDS: Mapping[str, Callable[[str, Mapping[str, Any]], Awaitable[ToolOutput]]] = {
    "status": _status,
    "log": _log,
    "branch": _branch,
    "checkout": _checkout,
    "diff": _diff,
    "stash": _stash,
    "remote": _remote,
    "worktree": worktree,
}
