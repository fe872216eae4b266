"""The UI lane: clicks on our own widgets arrive while the cell is still running.

A kernel hands messages of the shell channel to the thread that runs cells, so a click waits for the
cell it was meant to stop. The lane takes the messages of *registered* widgets out of that queue, and
while there are any, what a page asks that is loaded meanwhile (`page_requests.py`); all others keep
their place and their order.

- ipykernel 7 reads the socket in a thread of its own: a filter in front of its reader passes ours to
  the lane's thread. With subshells the result is the same, whatever the front end asked for.
- ipykernel 6 reads it in the main thread: the waiting cell calls `pump` every few hundredths of a
  second.

Handlers of registered widgets run in the lane's thread (7) or in `pump` (6). They may only set events
and fill queues. They are called past the comm, because a comm's own dispatch fires IPython's
`pre_execute` and `post_execute` on this thread, which flushes half-drawn figures.
"""

from __future__ import annotations

import contextlib
import contextvars
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from a3s_magics.after_cell import after_cell
from a3s_magics.ended_views import EndedViews
from a3s_magics.page_requests import PageRequests

_log = logging.getLogger(__name__)
_INSTALL_S = 30.0  # a moment, unless the machine is very busy
_SAY_S = 1.0


class Lane:
    """One per kernel. `install` before the first widget is registered, `uninstall` at unload.

    `ended` holds the views of turns that are over, for pages that are loaded later.
    """

    def __init__(self, kernel: Any, ended: EndedViews) -> None:
        self._kernel = kernel
        self._widgets: dict[str, Any] = {}
        self._asked: dict[str, Callable[[], None]] = {}
        self.ended = ended
        self._pages = PageRequests(kernel, self._reply, self._before_states)
        self._threaded = getattr(kernel, "shell_channel_thread", None) is not None
        self._inbox: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._cell = contextvars.copy_context()
        self._installed = False
        self._request: Any = None
        self._said = 0.0
        self._clicks: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    @property
    def usable(self) -> bool:
        """Whether this kernel has the internals that the lane stands on."""
        kernel = self._kernel
        needed = [(kernel, name) for name in ("session", "iopub_socket", "_topic", "comm_manager")]
        stream = getattr(kernel, "shell_stream", None)
        if self._threaded:
            needed += [
                (stream, "on_recv"),
                (kernel, "shell_channel_thread_main"),
                (getattr(kernel.shell_channel_thread, "io_loop", None), "add_callback"),
            ]
        else:
            inbox = getattr(kernel, "msg_queue", None)
            needed += [(stream, "flush"), (inbox, "get_nowait"), (inbox, "put_nowait")]
        return all(getattr(holder, name, None) is not None for holder, name in needed)

    # -- registration ------------------------------------------------------------------------------

    def register(self, widget: Any, asked: Callable[[], None] | None = None) -> None:
        """Deliver this ipywidget's messages through the lane, until `forget`; from its cell.

        `asked` is called, like handlers, whenever a page is about to be told the widgets' states.
        """
        comm_id = widget.comm.comm_id
        self._widgets[comm_id] = widget
        if asked is not None:
            self._asked[comm_id] = asked
        self._cell, self._request = contextvars.copy_context(), self._kernel.get_parent()

    def forget(self, widget: Any) -> None:
        """Deliver this widget's messages in the ordinary way again; unknown widgets are fine."""
        for comm_id, known in list(self._widgets.items()):
            if known is widget:
                del self._widgets[comm_id]
                self._asked.pop(comm_id, None)
        if not self._widgets and not self._clicks.empty():
            after_cell(self._tell_of_clicks)

    # -- life --------------------------------------------------------------------------------------

    def install(self) -> bool:
        """Start taking messages; False, with nothing changed, where the kernel does not allow it."""
        if self._installed:
            return True
        if not self.usable:
            return False
        if self._threaded and not self._set_reader(self._filter):
            return False
        if self._threaded:
            self._thread = threading.Thread(target=self._work, name="a3s-ui-lane", daemon=True)
            self._thread.start()
        self._installed = True
        return True

    def uninstall(self) -> None:
        """Give the kernel its own reader back and end the thread."""
        if not self._installed:
            return
        self._installed = False
        self._widgets.clear()
        if self._thread is not None:
            self._set_reader(self._kernel.shell_channel_thread_main)
            self._inbox.put(None)
            self._thread.join(_INSTALL_S)
            self._thread = None

    def _set_reader(self, reader: Any) -> bool:
        """The stream belongs to the shell channel's thread: change its reader there."""
        done = threading.Event()

        def swap() -> None:
            self._kernel.shell_stream.on_recv(reader, copy=False)
            done.set()

        self._kernel.shell_channel_thread.io_loop.add_callback(swap)
        return done.wait(_INSTALL_S)

    # -- ipykernel 7: a filter in the shell channel's thread ------------------------------------------

    async def _filter(self, frames: Any) -> None:
        message = self._ours(frames)
        if message is not None:
            self._inbox.put(message)
        else:
            await self._kernel.shell_channel_thread_main(frames)

    def _work(self) -> None:
        while (message := self._inbox.get()) is not None:
            # Some versions of ipykernel 7 know the message that is answered only in the cell's context.
            self._cell.run(self._handle, message)

    # -- ipykernel 6: pumped by the waiting cell ------------------------------------------------------

    def pump(self) -> None:
        """Say again that the cell is busy; where the lane has no thread, handle what has arrived.

        Call it only from the kernel's main thread, or from one that stands in for it.
        """
        if not self._installed or not self._widgets:
            return
        now = time.monotonic()
        if now - self._said >= _SAY_S:
            # The `idle` behind any other request has hidden it meanwhile.
            self._said = now
            self._status("busy", self._request)
        if self._threaded:
            return
        kernel = self._kernel
        kernel.shell_stream.flush()
        waiting = [kernel.msg_queue.get_nowait() for _ in range(kernel.msg_queue.qsize())]
        ours = []
        for entry in waiting:
            args = entry[2]
            frames = args[0] if len(args) == 1 and isinstance(args[0], list) else None
            message = None if frames is None else self._ours(frames)
            if message is None:
                kernel.msg_queue.put_nowait(entry)
            else:
                ours.append(message)
        for (
            message
        ) in ours:  # a reply may fetch what has arrived since, which stands behind the others
            self._handle(message)

    # -- both ------------------------------------------------------------------------------------------

    def _ours(self, frames: Any) -> dict[str, Any] | None:
        """The message in these frames if the lane handles it, else None.

        The header is read without checking the signature, because a signature checks only once:
        the kernel must be the one to check the messages that pass.
        """
        session = self._kernel.session
        try:
            idents, rest = session.feed_identities(frames, copy=False)
            kind = session.unpack(rest[1].bytes).get("msg_type")
            content = session.unpack(rest[4].bytes) if kind.startswith("comm_") else {}
            if not self._takes(kind, content):
                return None
            message: dict[str, Any] = session.deserialize(rest, content=True, copy=False)
        except Exception:  # noqa: BLE001  # malformed frames are the kernel's to report, as always
            return None
        message["idents"] = idents
        message["buffers"] = [getattr(part, "buffer", part) for part in message.get("buffers", [])]
        return message

    def _takes(self, kind: str, content: Mapping[str, Any]) -> bool:
        if not self._widgets:
            return False
        clicked = kind == "comm_msg" and content.get("comm_id") in self._widgets
        return self._pages.wants(kind, content) or clicked

    def _handle(self, message: dict[str, Any]) -> None:
        """Deliver; for a change of state between the `busy` and `idle` that let its sender go on.

        Nobody waits for those of a click, which often ends the cell: they are told after that.
        """
        is_click = message["content"].get("data", {}).get("method") == "custom"
        if is_click:
            self._clicks.put(message)
        else:
            self._status("busy", message)
        try:
            if self._pages.wants(message["msg_type"], message["content"]):
                self._pages.answer(message)
            elif widget := self._widgets.get(message["content"]["comm_id"]):
                widget._handle_msg(message)
        except Exception:  # noqa: BLE001  # the lane must live on, whatever a handler did
            _log.exception("a widget's handler failed")
        finally:
            if not is_click:
                self._status("idle", message)
                # Front ends show the last status of all: say again that the cell is busy.
                self._status("busy", self._request)

    def _before_states(self) -> None:
        for call in list(self._asked.values()):
            call()

    def _reply(self, kind: str, content: dict[str, Any], request: Mapping[str, Any]) -> None:
        """Send a reply on the shell channel, in whose thread its stream has to be used."""
        kernel = self._kernel

        def send() -> None:
            kernel.session.send(
                kernel.shell_stream, kind, content, parent=request, ident=request["idents"]
            )

        if self._threaded:
            kernel.shell_channel_thread.io_loop.add_callback(send)
        else:
            send()
            kernel.shell_stream.flush()

    def _tell_of_clicks(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                message = self._clicks.get_nowait()
                self._status("busy", message)
                self._status("idle", message)

    def _status(self, state: str, parent: Any) -> None:
        kernel = self._kernel
        kernel.session.send(
            kernel.iopub_socket,
            "status",
            {"execution_state": state},
            parent=parent,
            ident=kernel._topic("status"),
        )
