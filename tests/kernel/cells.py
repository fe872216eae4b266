"""Running cells over the message protocol and reading what came back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient

from tests.deadlines import DEADLINE_S


@dataclass
class Ran:
    """The reply to one cell and the iopub messages it caused, in order."""

    reply: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def stream(self, name: str) -> str:
        """Everything written to `stdout` or `stderr`."""
        return "".join(
            message["content"]["text"]
            for message in self.messages
            if message["msg_type"] == "stream" and message["content"]["name"] == name
        )

    @property
    def result(self) -> str:
        """The `text/plain` form of the cell's value."""
        (value,) = (m for m in self.messages if m["msg_type"] == "execute_result")
        return str(value["content"]["data"]["text/plain"])


def run(
    client: BlockingKernelClient,
    code: str,
    *,
    on_message: Callable[[dict[str, Any]], None] = lambda message: None,
    **options: Any,
) -> Ran:
    """Execute `code` and wait until the kernel is idle again; each message is shown to `on_message`."""
    ran = Ran()

    def take(message: dict[str, Any]) -> None:
        ran.messages.append(message)
        on_message(message)

    reply = client.execute_interactive(code, timeout=DEADLINE_S, output_hook=take, **options)
    ran.reply = reply["content"]
    return ran
