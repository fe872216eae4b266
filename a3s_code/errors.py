"""The library's errors, sorted by who can act on them.

Every one derives from `A3SError`, which is a `RuntimeError` because the documented API promises one.
`problem` is the sentence for the reader; `str(error)` puts the documented prefix of the failed
operation in front of it.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, TypeVar

E = TypeVar("E", bound="A3SError")

# Control characters, and those that turn the direction of writing: a terminal obeys them, and texts of
# servers and files get into errors.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class A3SError(RuntimeError):
    """Base of everything this library raises on purpose.

    `problem` is the sentence for the person who can act, without the operation's prefix. Control
    characters in it are spelled out (`\\x1b`).
    """

    prefix: ClassVar[str] = ""

    def __init__(self, problem: str) -> None:
        self.problem = _CONTROL.sub(_spelled, problem)
        super().__init__(f"{self.prefix}{self.problem}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies have the same text: their constructor would put the prefix in front once more."""
        return _copied, (type(self), self.args, self.__dict__)


def _copied(kind: type[E], args: tuple[Any, ...], attributes: dict[str, Any]) -> E:
    error = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error


def _spelled(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


# -- mistakes of the person who configures or calls ------------------------------------------------


class ConfigError(A3SError):
    """A configuration that cannot be used.

    `path` is None for text; `line` and `column` count from 1, and are None when unknown.
    """

    prefix = "Failed to create agent: "

    def __init__(
        self,
        problem: str,
        *,
        path: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        self.path, self.line, self.column = path, line, column
        source = path or "inline configuration"
        position = "".join(f":{number}" for number in (line, column) if number is not None)
        super().__init__(f"{source}{position}: {problem}")


class UnknownModel(A3SError):
    """A `provider/model` selector that the configuration does not define."""


class InvalidArgument(A3SError, ValueError):
    """An argument whose value cannot be used: an empty prompt, a bad attachment, an unknown lane."""


class WrongType(InvalidArgument, TypeError):
    """An argument of a type that cannot be used; also caught as the `TypeError` that Python raises."""


class InvalidHistory(A3SError, TypeError):
    """An explicit `history=` that is no list of messages as `Session.history()` gives them."""

    prefix = "Invalid history format: "


class WorkspaceError(A3SError, ValueError):
    """A workspace that does not exist or is not a directory."""


class SessionBusy(A3SError):
    """A second `send` or `stream` while one is running in the same session. Nothing was changed."""


class SessionClosed(A3SError):
    """A call on a session after `close()`."""


class ScheduleFull(A3SError):
    """One scheduled task more than a session may have. Nothing was scheduled."""


class QueueError(A3SError):
    """A command of the lane queue that could not be run: no queue, too late, refused, shut down."""


class LocalModelMissing(A3SError):
    """The embedded model is neither cached nor obtainable; the message names the file to place."""


# -- failures of models and networks ---------------------------------------------------------------


class ExecutionError(A3SError):
    """An execution that ended early. `text` is the answer as far as it had arrived."""

    prefix = "Agent execution failed: "

    def __init__(self, problem: str, *, text: str = "") -> None:
        self.text = text
        super().__init__(problem)


class PromptBlocked(ExecutionError):
    """A prompt that a `pre_prompt` hook refused; nothing was sent and nothing has changed."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"prompt blocked by hook: {reason}")


class ModelError(ExecutionError):
    """The model's server could not be used.

    `url` is the request's address without credentials, `status` the HTTP status or None,
    `retry_after_s` the server's own wish in seconds, `request_id` what the server's support asks
    for. `retryable` says whether repeating the same request can help.
    """

    def __init__(
        self,
        problem: str,
        *,
        text: str = "",
        url: str | None = None,
        status: int | None = None,
        retry_after_s: float | None = None,
        request_id: str | None = None,
        retryable: bool = False,
    ) -> None:
        self.url, self.status, self.retry_after_s = url, status, retry_after_s
        self.request_id, self.retryable = request_id, retryable
        super().__init__(problem, text=text)


class ModelUnreachable(ModelError):
    """No connection, or none that lasted until the first byte of an answer."""


class ModelRefused(ModelError):
    """The server answered with an HTTP error status or with an error object inside the stream."""


class StreamInterrupted(ModelError):
    """The answer broke off before its end, or is not what a model's server sends."""


class ParseRetriesExceeded(ExecutionError):
    """The model sent malformed tool arguments more often in a row than `max_parse_retries`."""


class BtwFailed(A3SError):
    """A side question that got no answer. The conversation is untouched."""

    prefix = "btw query failed: "


# -- stores ----------------------------------------------------------------------------------------


class StoreError(A3SError):
    """A session store or memory store that cannot be read or written; the text names the file."""


class SessionConflict(StoreError):
    """The saved session `session_id` was changed by someone else meanwhile. Nothing was written."""

    def __init__(self, problem: str, *, session_id: str) -> None:
        self.session_id = session_id
        super().__init__(problem)


class SaveFailed(StoreError):
    """A session that could not be saved; the conversation itself is unharmed."""

    prefix = "Save failed: "


class ResumeFailed(StoreError):
    """A saved session that could not be resumed."""

    prefix = "Failed to resume session: "


# -- tools -----------------------------------------------------------------------------------------


class ToolFailed(A3SError):
    """A failure meant for the model: it becomes the tool's result, never a traceback."""

    def __init__(self, problem: str, *, exit_code: int = 1) -> None:
        self.exit_code = exit_code
        super().__init__(problem)


class McpError(A3SError):
    """An MCP server that cannot be connected to; the text names it and holds no credentials."""

    prefix = "add_mcp_server failed: "


class ToolError(A3SError):
    """A direct call such as `session.read_file(path)` that failed; the message names the argument."""
