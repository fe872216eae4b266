"""The `grep` tool: lines by a regular expression."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any

from a3s_code.tools.context_lines import context_lines
from a3s_code.tools.limits import Limits
from a3s_code.tools.match import Match, Matches
from a3s_code.tools.output import TRUNCATED, clean, cut_utf8
from a3s_code.tools.protocol import MAX_OUTPUT_BYTES, ToolContext, ToolOutput
from a3s_code.tools.search import search
from a3s_code.tools.threads import Stop, in_thread
from a3s_code.tools.workspace import Workspace

MAX_LINE_BYTES = 2000
MAX_CONTEXT = 1000
_ROOM_FOR_NOTES = 256


class Grep:
    """Lines that match, with their path and number."""

    name = "grep"
    read_only = True
    description = (
        "Search the content of files with a regular expression (Python syntax, line by line). "
        "Ignored, hidden and binary files are left out."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "pattern": {"type": "string", "description": "Regular expression."},
            "path": {
                "type": "string",
                "description": "File or directory to search; the workspace by default.",
            },
            "glob": {
                "type": "string",
                "description": "Only files that match, for example *.py or *.{ts,tsx}.",
            },
            "context": {
                "type": "integer",
                "minimum": 0,
                "description": "Lines to show before and after each match; 0 by default.",
            },
            "-i": {"type": "boolean", "description": "Ignore case; false by default."},
            "-n": {"type": "boolean", "description": "Line numbers, which are always shown."},
        },
        "required": ["pattern"],
        "additionalProperties": False,
        "examples": [{"pattern": "def \\w+", "glob": "*.py"}, {"pattern": "todo", "-i": True}],
    }

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """Search in a thread; finding nothing is a success."""

        def work(stop: Stop) -> ToolOutput:
            matches = search(
                ctx.workspace,
                args["pattern"],
                args.get("path", "."),
                glob=args.get("glob"),
                ignore_case=args.get("-i", False),
                limits=Limits(stop),
            )
            if not matches:
                return ToolOutput(f"No matches found for pattern: {args['pattern']}")
            context = min(args.get("context", 0), MAX_CONTEXT)
            return ToolOutput(format_matches(matches, ctx.workspace, context))

        return await in_thread(work)


def format_matches(matches: Matches, workspace: Workspace, context: int) -> str:
    """The lines as far as the output limit allows, and how many matches there are in all.

    With context, groups that do not touch are separated by `--`, as grep does.
    """
    room, shown, cut = MAX_OUTPUT_BYTES - _ROOM_FOR_NOTES, [], not matches.complete
    for line in _with_context(matches, workspace, context) if context else map(_line, matches):
        room -= len(line.encode("utf-8")) + 1
        if room < 0:
            cut = True
            break
        shown.append(line)
    files = len({match.path for match in matches})
    count = f"{len(matches)}{'' if matches.complete else '+'}"
    if cut:
        shown += [TRUNCATED, f"Found {count} matches in {files} files (output truncated)"]
    else:
        shown += ["", f"{count} match(es) in {files} file(s)"]
    return "\n".join(shown)


def _line(match: Match) -> str:
    return f"{clean(match.path)}:{match.line}:{_short(match.text)}"


def _short(text: str) -> str:
    if len(text) * 4 <= MAX_LINE_BYTES:
        return text
    data = text.encode("utf-8", "replace")
    if len(data) <= MAX_LINE_BYTES:
        return text
    return cut_utf8(data, MAX_LINE_BYTES).decode("utf-8") + " ... (line cut)"


def _with_context(matches: Matches, workspace: Workspace, context: int) -> Iterator[str]:
    first = True
    for _path, group in groupby(matches, key=attrgetter("path")):
        in_file = list(group)
        hits = {match.line for match in in_file}
        previous = 0
        try:
            for path, number, text in context_lines(workspace, in_file, context):
                if number != previous + 1 or not previous:
                    if not first:
                        yield "--"
                    first = False
                previous = number
                mark = ":" if number in hits else "-"
                yield f"{clean(path)}{mark}{number}{mark}{_short(text)}"
        except OSError:
            yield from map(_line, in_file)  # it went away after it was searched
