"""What a tool is, and the little of the world that it sees."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from a3s_code.messages import Attachment
from a3s_code.tools.delegate import Delegate
from a3s_code.tools.history import FileHistory
from a3s_code.tools.workspace import Workspace

MAX_OUTPUT_BYTES = 100 * 1024


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What a tool gives back: text for the model, an exit code, facts for the host, images.

    `exit_code` is 0 for success; `bash` gives the process's own code. `fault` says that the tool
    broke instead of answering.
    """

    text: str
    exit_code: int = 0
    metadata: Mapping[str, Any] | None = None
    images: tuple[Attachment, ...] = ()
    fault: Literal["timeout", "exception"] | None = field(default=None, compare=False)


def _unheard(_text: str) -> None:
    """Progress that nobody listens to."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """All that a tool may know of its surroundings.

    `progress(text)` reports output while the tool runs; it may be called from any thread and never
    blocks. Cancelling is the cancelling of the coroutine `Tool.run`: a tool that started something
    outside of it (a process, a thread) ends that before it lets the cancellation pass.

    `invoke(name, args)` makes another tool call with everything that a call of the model goes
    through: permission, confirmation, time limit. It does not raise; None where it is not offered.

    `delegate` runs children for the tools that hand work over; None where it is not offered.
    """

    workspace: Workspace
    history: FileHistory = field(default_factory=FileHistory)
    progress: Callable[[str], None] = _unheard
    invoke: Callable[[str, Mapping[str, Any]], Awaitable[ToolOutput]] | None = None
    delegate: Delegate | None = None


class Tool(Protocol):
    """One tool. `read_only` tools may run beside each other within one turn."""

    @property
    def name(self) -> str:
        """The name under which the model calls it."""

    @property
    def description(self) -> str:
        """What the model is told about it."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """JSON Schema of the arguments: an object with `properties` and `required`."""

    @property
    def read_only(self) -> bool:
        """Whether it changes nothing, whatever its arguments."""

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """Do the work. A failure meant for the model is raised as `ToolFailed`."""
        ...


def reads_only(tool: Tool, args: Mapping[str, Any]) -> bool:
    """Whether this very call changes nothing.

    A tool whose answer depends on the arguments, such as `git`, has a method `reads_only(args)`.
    """
    judge: Callable[[Mapping[str, Any]], bool] | None = getattr(tool, "reads_only", None)
    return tool.read_only if judge is None else judge(args)
