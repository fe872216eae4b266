"""A page that is loaded while a kernel runs, as JupyterLab's widget manager behaves."""

from __future__ import annotations

import contextlib
import queue
import uuid
from collections.abc import Iterator
from typing import Any

from tests.deadlines import DEADLINE_S
from tests.magics.kernel import Kernel, Message, Screen

CONTROL = "jupyter.widget.control"


class Page(Screen):
    """A further client of the kernel, with a connection of its own; `close` it."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__()
        self.client = kernel.manager.blocking_client()
        self.client.start_channels()
        self._wait_until_it_hears()

    def close(self) -> None:
        """End the connection."""
        self.client.stop_channels()

    def _wait_until_it_hears(self) -> None:
        """A subscription takes a moment, in which messages are not for us: ask until one is."""
        heard = False
        while not heard:
            self.ask("kernel_info")
            with contextlib.suppress(queue.Empty):
                self.client.get_iopub_msg(timeout=0.1)
                heard = True
        self.miss()

    def send(self, kind: str, content: dict[str, Any], **metadata: str) -> str:
        """Send a request on the shell channel; its id."""
        message = self.client.session.msg(kind, content, metadata=metadata)
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def ask(self, kind: str, **content: Any) -> dict[str, Any]:
        """The content of the next reply, which must be the one to this request."""
        request = self.send(f"{kind}_request", content)
        reply = self.client.get_shell_msg(timeout=DEADLINE_S)
        assert reply["parent_header"]["msg_id"] == request, reply
        assert reply["msg_type"] == f"{kind}_reply"
        return dict(reply["content"])

    def say(self, comm_id: str, data: dict[str, Any]) -> list[Message]:
        """What the kernel tells until it has handled this comm message."""
        return self.until_idle(self.send("comm_msg", {"comm_id": comm_id, "data": data}))

    def until_idle(self, request: str) -> list[Message]:
        """What is heard until the kernel has handled the request."""
        heard: list[Message] = []
        while not heard or not ends(heard[-1], request):
            heard.append(self.client.get_iopub_msg(timeout=DEADLINE_S))
        return heard

    def miss(self) -> None:
        """Hear everything that was told so far, and forget what was told to widgets."""
        for message in self.until_idle(self.send("kernel_info_request", {})):
            if message["msg_type"] == "comm_open":
                self.take(message)
        self.client.get_shell_msg(timeout=DEADLINE_S)

    def follow(self) -> None:
        """Take in the next message about the widgets that are known."""
        message = self.client.get_iopub_msg(timeout=DEADLINE_S)
        if message["msg_type"] != "comm_msg" or message["content"]["comm_id"] in self.widgets:
            self.take(message)

    def open_control(self) -> str:
        """The id of a new comm for questions about all widgets."""
        control = uuid.uuid4().hex
        opened = {"comm_id": control, "target_name": CONTROL, "data": {}}
        self.until_idle(self.send("comm_open", opened, version="1.0.0"))
        return control

    def load(self) -> None:
        """Ask for the states of all widgets, as a page does that is loaded."""
        self.ask("kernel_info")
        control = self.open_control()
        answers = [
            message["content"]["data"]
            for message in self.say(control, {"method": "request_states"})
            if message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == control
        ]
        (states,) = (answer["states"] for answer in answers)
        self.widgets = {comm_id: dict(told["state"]) for comm_id, told in states.items()}
        self.until_idle(self.send("comm_close", {"comm_id": control, "data": {}}))

    def count(self, view: str) -> None:
        """Tell that the view is drawn, as ipywidgets' views do, and take in what follows at once."""
        number = self.widgets[view]["_view_count"] + 1
        state = {"method": "update", "state": {"_view_count": number}, "buffer_paths": []}
        for message in self.say(view, state):
            if message["content"].get("comm_id") in self.widgets:
                self.take(message)

    def drawn(self, model: str) -> Iterator[dict[str, Any]]:
        """The states of a widget and of everything that stands in it."""
        state = self.widgets[model]
        yield state
        for child in state.get("children", ()):
            yield from self.drawn(child.removeprefix("IPY_MODEL_"))

    def text_in(self, model: str) -> str:
        """What can be read in a widget, its buttons included."""
        return "\n".join(
            str(state.get("description") or state.get("value", "")) for state in self.drawn(model)
        )


def ends(message: Message, request: str) -> bool:
    """Whether the message tells that the kernel has handled the request."""
    idle = message["content"].get("execution_state") == "idle"
    return idle and message["parent_header"].get("msg_id") == request
