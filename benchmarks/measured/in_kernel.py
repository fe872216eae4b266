"""CPU milliseconds of a statement in a running kernel, or the time from its start to a result."""

from __future__ import annotations

import json
import os
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
        client.wait_for_ready(timeout=_DEADLINE_S)
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
