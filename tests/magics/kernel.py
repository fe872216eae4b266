"""A kernel as a front end sees it: cells, outputs, widgets and clicks over the message protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.deadlines import DEADLINE_S

RECORD = "application/vnd.a3s.turn+json"
WIDGET = "application/vnd.jupyter.widget-view+json"

Message = dict[str, Any]


@dataclass
class Screen:
    """The outputs and widgets of one cell, as far as messages told of them."""

    reply: dict[str, Any] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    widgets: dict[str, dict[str, Any]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    streams: str = ""
    _places: dict[str, int] = field(default_factory=dict)

    def take(self, message: Message) -> None:
        """Follow one iopub message."""
        self.messages.append(message)
        content = message["content"]
        match message["msg_type"]:
            case "display_data" | "execute_result":
                display_id = content.get("transient", {}).get("display_id")
                if display_id:
                    self._places[display_id] = len(self.outputs)
                self.outputs.append(content["data"])
            case "update_display_data":
                self.outputs[self._places[content["transient"]["display_id"]]] = content["data"]
            case "stream":
                self.streams += content["text"]
            case "comm_open":
                self.widgets[content["comm_id"]] = dict(content["data"]["state"])
            case "comm_msg":
                self.widgets[content["comm_id"]].update(content["data"].get("state", {}))
            case "comm_close":
                self.closed.add(content["comm_id"])

    def button(self, label: str) -> str | None:
        """The comm of the open, enabled button whose description is exactly this.

        It must stand in a box: nobody can press one that was made but is not shown yet.
        """
        for comm_id, state in self.widgets.items():
            named = state.get("_model_name") == "ButtonModel" and state["description"] == label
            if named and not state["disabled"] and comm_id not in self.closed:
                return comm_id if self._stands_in_a_box(comm_id) else None
        return None

    def _stands_in_a_box(self, comm_id: str) -> bool:
        reference = f"IPY_MODEL_{comm_id}"
        return any(reference in state.get("children", ()) for state in self.widgets.values())

    @property
    def shown(self) -> str:
        """The text of all widgets that are open, in the order of their creation."""
        return "\n".join(
            str(state["value"])
            for comm_id, state in self.widgets.items()
            if "value" in state and comm_id not in self.closed
        )

    @property
    def record(self) -> dict[str, Any]:
        """The only turn record."""
        (record,) = (output[RECORD] for output in self.outputs if RECORD in output)
        return dict(record)

    @property
    def errors(self) -> list[Message]:
        """Contents of the error messages."""
        return [m["content"] for m in self.messages if m["msg_type"] == "error"]

    def succeeded(self) -> Screen:
        """Itself, if the cell did."""
        assert self.reply["status"] == "ok", self.reply
        return self


Watch = Callable[[Screen, Message], None]


@dataclass
class Kernel:
    """A running kernel and its client."""

    manager: KernelManager
    client: BlockingKernelClient

    def run(
        self,
        code: str,
        watch: Watch = lambda screen, message: None,
        *,
        answer: str | None = None,
    ) -> Screen:
        """Run a cell to its end. `watch` sees each message after the screen did.

        `answer` is what a person types when asked; without it there is no keyboard.
        """
        screen = Screen()

        def take(message: Message) -> None:
            screen.take(message)
            watch(screen, message)

        reply = self.client.execute_interactive(
            code,
            timeout=DEADLINE_S,
            output_hook=take,
            allow_stdin=answer is not None,
            stdin_hook=lambda _message: self.client.input(answer or ""),
        )
        screen.reply = reply["content"]
        return screen

    def wait_until_closed(self, screen: Screen) -> None:
        """Follow the messages after a cell until none of its widgets is open."""
        while set(screen.widgets) != screen.closed:
            screen.take(self.client.get_iopub_msg(timeout=DEADLINE_S))

    def click(self, comm_id: str) -> str:
        """Press a button, as a front end does; the id of the message."""
        return self.say(comm_id, {"method": "custom", "content": {"event": "click"}})

    def type(self, comm_id: str, text: str) -> None:
        """Put text into a text field."""
        self.say(comm_id, {"method": "update", "state": {"value": text}, "buffer_paths": []})

    def say(self, comm_id: str, data: dict[str, Any]) -> str:
        """Send a comm message on the shell channel; its id."""
        message = self.client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        self.client.shell_channel.send(message)
        return str(message["msg_id"])

    def wait_for_status(self, message_id: str, state: str) -> None:
        """Follow the messages after a cell until the kernel tells this state for a message."""
        while True:
            message = self.client.get_iopub_msg(timeout=DEADLINE_S)
            told = message["content"].get("execution_state")
            if told == state and message["parent_header"].get("msg_id") == message_id:
                return


def once(condition: Callable[[Screen], object], act: Callable[[Screen], None]) -> Watch:
    """A watcher that acts the first time the condition holds."""
    done: list[bool] = []

    def watch(screen: Screen, _message: Message) -> None:
        if not done and condition(screen):
            done.append(True)
            act(screen)

    return watch
