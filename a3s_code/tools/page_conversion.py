"""Pages as text, converted by a process that can be ended.

HTML parsers can be kept busy: a hundred kilobytes of `<a ` take some of them minutes, and five
megabytes days. A thread would go on with that, and hold the interpreter meanwhile; a process can be
killed at any moment.
"""

from __future__ import annotations

import json
import subprocess

from a3s_code.errors import ToolFailed
from a3s_code.tools.failures import reason
from a3s_code.tools.orphans import orphan_watch
from a3s_code.tools.own_group import own_group
from a3s_code.tools.own_python import command_for
from a3s_code.tools.page_process import TOO_DEEP
from a3s_code.tools.protocol import MAX_OUTPUT_BYTES
from a3s_code.tools.threads import Stop, in_thread
from a3s_code.tools.web_text import is_converted, page_text

_PROGRAM = "a3s_code.tools.page_process"
_NESTED = "The page is nested too deeply; ask for format html"


async def page_as_text(body: bytes, content_type: str, form: str) -> str:
    """`page_text` of a page, or its beginning, if it is longer than a tool may answer.

    Cancelling ends the conversion. Raises `ToolFailed` for a page that cannot be converted.
    """
    command = command_for(_PROGRAM) if is_converted(content_type, form) else None
    if command is None:
        return await in_thread(lambda _stop: _converted_here(body, content_type, form))
    wanted = {"content_type": content_type, "form": form, "most": MAX_OUTPUT_BYTES + 1}
    page = json.dumps(wanted).encode() + b"\n" + body
    return await in_thread(lambda stop: _converted_by(command, page, stop))


def _converted_here(body: bytes, content_type: str, form: str) -> str:
    try:
        return page_text(body, content_type, form)
    except RecursionError:
        raise ToolFailed(_NESTED) from None


def _converted_by(command: list[str], page: bytes, stop: Stop) -> str:
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            **own_group(),
        )
    except OSError as error:
        raise ToolFailed(f"The page could not be converted: {reason(error)}") from error
    with process, orphan_watch.over(process.pid):
        stop.on_request(process.kill)
        text, _ = process.communicate(page)
    stop.check()
    if process.returncode == TOO_DEEP:
        raise ToolFailed(_NESTED)
    if process.returncode != 0:
        raise ToolFailed(f"The page could not be converted (exit code {process.returncode})")
    return str(text, "utf-8")
