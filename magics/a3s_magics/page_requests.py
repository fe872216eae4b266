"""What a page asks when it is loaded while a cell runs, answered without the cell's thread.

JupyterLab asks who the kernel is, opens a comm of the target `jupyter.widget.control` and asks it for
the states of all widgets; only then it draws those of the saved outputs. When nobody answers within
four seconds it asks for the list of comms and for the state of each. A kernel does all that between
cells only, so a view would come to a reloaded page when its turn is over.

Source: `_loadFromKernel` of `@jupyter-widgets/base-manager`, and ipywidgets'
"Control Widget messaging protocol".
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from a3s_magics.ended_views import CONTROL, open_widgets

_log = logging.getLogger(__name__)
_INFO = ("kernel_info_request", "comm_info_request")

Reply = Callable[[str, dict[str, Any], Mapping[str, Any]], None]


class PageRequests:
    """Knows such requests and answers them: they read, and change nothing but the list of comms.

    `reply` sends a reply (its type, its content, the request) on the shell channel. `before_states`
    is called each time when the states of widgets are about to be read.
    """

    def __init__(self, kernel: Any, reply: Reply, before_states: Callable[[], None]) -> None:
        self._kernel, self._reply, self._before_states = kernel, reply, before_states
        self._controls: set[str] = set()  # those that may still be on their way to `answer`

    def wants(self, kind: str, content: Mapping[str, Any]) -> bool:
        """Whether this is such a request; to be called in the order in which messages arrive."""
        comm_id, data = content.get("comm_id"), content.get("data")
        if kind == "comm_open" and content.get("target_name") == CONTROL:
            self._controls.add(str(comm_id))
            return True
        if kind in ("comm_msg", "comm_close") and self._is_control(comm_id):
            return True
        asked = data.get("method") if isinstance(data, Mapping) else None
        if kind == "comm_msg" and asked == "request_state":
            return comm_id in open_widgets()
        return kind in _INFO

    def answer(self, message: dict[str, Any]) -> None:
        """Do what the request wants."""
        kernel, content = self._kernel, message["content"]
        match message["header"]["msg_type"]:
            case "kernel_info_request":
                info = {"status": "ok", **kernel.kernel_info}
                self._reply("kernel_info_reply", info, message)
            case "comm_info_request":
                comms = self._comms(content.get("target_name"))
                self._reply("comm_info_reply", {"status": "ok", "comms": comms}, message)
            case "comm_open":
                kernel.comm_manager.comm_open(None, None, message)
            case "comm_close":
                self._controls.discard(content["comm_id"])
                kernel.comm_manager.comm_close(None, None, message)
            case "comm_msg" if self._is_control(content["comm_id"]):
                self._tell_all(message)
            case "comm_msg":
                self._tell_one(message)

    def _is_control(self, comm_id: Any) -> bool:
        known = self._kernel.comm_manager.comms.get(comm_id)  # by the kernel, between two cells
        return comm_id in self._controls or getattr(known, "target_name", None) == CONTROL

    def _comms(self, target: str | None) -> dict[str, Any]:
        comms = list(self._kernel.comm_manager.comms.items())  # the cell may be making widgets
        return {
            comm_id: {"target_name": comm.target_name}
            for comm_id, comm in comms
            if target is None or comm.target_name == target
        }

    def _tell_all(self, request: dict[str, Any]) -> None:
        if request["content"]["data"].get("method") != "request_states":
            return  # the protocol has nothing else
        self._before_states()
        states = {}
        for model_id, widget in list(open_widgets().items()):  # a page asks for all at once
            try:
                state = widget.get_state()
            except Exception as error:  # noqa: BLE001  # one of the user's own, which may be anything
                _log.warning("the state of a %s cannot be told: %s", type(widget).__name__, error)
                continue
            states[model_id] = {
                "model_name": state["_model_name"],
                "model_module": state["_model_module"],
                "model_module_version": state["_model_module_version"],
                "state": state,
            }
        self._tell(request, "update_states", "states", states)

    def _tell_one(self, request: dict[str, Any]) -> None:
        self._before_states()
        widget = open_widgets().get(request["content"]["comm_id"])
        if widget is not None:
            self._tell(request, "update", "state", widget.get_state())

    def _tell(self, request: dict[str, Any], method: str, name: str, state: Any) -> None:
        from ipywidgets.widgets.widget import _remove_buffers

        kernel, comm_id = self._kernel, request["content"]["comm_id"]
        bare, paths, buffers = _remove_buffers(state)
        kernel.session.send(
            kernel.iopub_socket,
            "comm_msg",
            {"comm_id": comm_id, "data": {"method": method, name: bare, "buffer_paths": paths}},
            parent=request,  # by which the page knows the answer to its `request_state`
            ident=f"comm-{comm_id}".encode(),
            buffers=buffers,
        )
