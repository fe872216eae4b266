"""Bytes that a live turn puts on iopub, per delta of five characters, in a real kernel.

The turn is the real one with its painter. Its clock is not: 100 deltas come in a second of it, so
that half a million characters do not take eight minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.connect import write_connection_file

PARAMETERS: dict[str, Any] = json.loads(sys.argv[1])
_DEADLINE_S = 110

CELL = '''
from a3s_code import End, TextDelta, TokenUsage
from a3s_magics.approvals import Approvals
from a3s_magics.desk import Desk
from a3s_magics.interrupt import TurnInterrupt
from a3s_magics.painters.widgets import WidgetPainter
from a3s_magics.replay import NoSession
from a3s_magics.turn import Turn

class Paced:
    """Four deltas at each look, every 40 ms of the clock."""
    def __init__(self, count):
        paragraph = "Some *words* of an answer, `code` and numbers like 3.14 in it. " * 6 + "\\n\\n"
        text = (paragraph * (count * 5 // len(paragraph) + 1))[:count * 5]
        self.deltas = [TextDelta(text=text[at:at + 5]) for at in range(0, len(text), 5)]
        self.at, self.now = 0, 0.0
    def poll(self, timeout_s=0.0):
        if self.at > len(self.deltas):
            return None
        self.now += 0.04
        batch = self.deltas[self.at:self.at + 4]
        self.at += 4
        if self.at >= len(self.deltas):
            self.at = len(self.deltas) + 1
            batch = [*batch, End(text="", total_tokens=0, usage=TokenUsage())]
        return batch
    def close(self):
        pass

magics = get_ipython().magics_manager.registry["A3SMagics"]
lane = magics._get_lane()
lane.install()
paced = Paced(%d)
with Desk(NoSession(), set()) as desk:
    turn = Turn(prompt="go", painter=WidgetPainter(desk, lane),
                approvals=Approvals("buttons", desk, TurnInterrupt()),
                facts=lambda: ("bench/m", None), clock=lambda: paced.now)
    turn.run(lambda: paced)
'''


def drained(socket: zmq.Socket[bytes], parent: str) -> tuple[int, int]:
    """Bytes and messages that are there until the cell with this id is idle."""
    size = count = 0
    end = time.monotonic() + _DEADLINE_S
    while time.monotonic() < end:
        if not socket.poll(1000):
            continue
        frames = socket.recv_multipart()
        _, _, header, about, _, content, *_ = frames[: frames.index(b"<IDS|MSG>") + 7][
            frames.index(b"<IDS|MSG>") :
        ]
        size, count = size + sum(map(len, frames)), count + 1
        kind, mine = json.loads(header)["msg_type"], json.loads(about).get("msg_id") == parent
        if kind == "error":
            raise SystemExit(json.loads(content)["evalue"])
        if kind == "status" and mine and json.loads(content)["execution_state"] == "idle":
            return size, count
    raise SystemExit("the cell did not end")


def main() -> None:
    where, facts = write_connection_file(os.path.join(os.getcwd(), "kernel.json"), ip="127.0.0.1")
    kernel = subprocess.Popen(
        [sys.executable, "-m", "ipykernel_launcher", "-f", where], stderr=subprocess.DEVNULL
    )
    client = BlockingKernelClient()
    client.load_connection_info(facts)
    client.start_channels()
    heard: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
    heard.set_hwm(0)
    heard.subscribe(b"")
    heard.connect(f"tcp://127.0.0.1:{facts['iopub_port']}")
    try:
        while True:  # until output arrives, too: a subscription takes a moment
            ready = client.execute("%load_ext a3s_magics")
            if client.get_shell_msg(timeout=_DEADLINE_S) and heard.poll(500):
                drained(heard, ready)
                break
        size, messages = drained(heard, client.execute(CELL % PARAMETERS["deltas"]))
    finally:
        client.stop_channels()
        kernel.kill()
        kernel.wait()
    deltas = PARAMETERS["deltas"]
    seconds = deltas / 100
    figures = {"bytes_per_delta": size / deltas, "messages_per_s": messages / seconds}
    sys.stdout.write(f"\n{json.dumps(figures)}\n")


main()
