"""CPU milliseconds of a statement in a running kernel, or the time from its start to a result."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import time
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.connect import write_connection_file

PARAMETERS: dict[str, Any] = json.loads(sys.argv[1])
_DEADLINE_S = 60
_SPENT = "print(time.process_time() - _cpu)"


def run(client: BlockingKernelClient, code: str) -> str:
    """What the cell printed. Exits when it failed."""
    printed: list[str] = []

    def hook(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            printed.append(message["content"]["text"])

    reply = client.execute_interactive(code, timeout=_DEADLINE_S, output_hook=hook)
    if reply["content"]["status"] != "ok":
        raise SystemExit(f"{reply['content']['ename']}: {reply['content']['evalue']}")
    return "".join(printed)


def wait_for(client: BlockingKernelClient) -> None:
    """Return when the kernel answers and its output arrives.

    `wait_for_ready` would take a heart that does not beat yet for a dead kernel, as it happens on a
    busy machine.
    """
    while True:
        client.kernel_info()
        client.get_shell_msg(timeout=_DEADLINE_S)
        try:
            client.get_iopub_msg(timeout=0.2)
        except queue.Empty:
            continue
        return


def main() -> None:
    where, facts = write_connection_file(os.path.join(os.getcwd(), "kernel.json"), ip="127.0.0.1")
    begin = time.perf_counter()
    kernel = subprocess.Popen(
        [sys.executable, "-m", PARAMETERS["module"], "-f", where], stderr=subprocess.DEVNULL
    )
    client = BlockingKernelClient()
    client.load_connection_info(facts)
    client.start_channels()
    try:
        wait_for(client)
        run(client, "6 * 7")
        figures = {"started_s": time.perf_counter() - begin}
        if PARAMETERS.get("code"):
            run(client, "import time")
            cell = f"_cpu = time.process_time()\n{PARAMETERS['code']}\n{_SPENT}"
            figures["cpu_ms"] = float(run(client, cell).split()[-1]) * 1000
    finally:
        client.stop_channels()
        kernel.kill()
        kernel.wait()
    sys.stdout.write(f"\n{json.dumps(figures)}\n")


main()
