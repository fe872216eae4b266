"""The program of the model's process: llama.cpp behind HTTP on 127.0.0.1, until stdin is closed.

It is run by path, with the standard library and `xllamacpp` only. One line of JSON settings comes
in on stdin, one line of JSON goes out on stdout: `{"address": ...}` or `{"error": ...}`.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

# Requests that run at the same time: a side question beside a turn. They share one context.
PARALLEL_REQUESTS = 2
ERRORS_AND_WARNINGS = 2


def start(settings: dict[str, Any]) -> Any:
    """A listening server; the caller must keep the object. Raises RuntimeError on a bad file."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = settings["path"]
    params.model_alias = {Path(settings["path"]).stem}  # else answers repeat the machine's path
    params.api_keys = [settings["api_key"]]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = settings["context_tokens"]
    params.n_parallel = PARALLEL_REQUESTS
    params.kv_unified = True
    params.cache_ram_mib = 0  # no second copy of old prompts: the default may take 8 GB
    params.cache_idle_slots = False
    params.cpuparams.n_threads = settings["threads"]
    params.cpuparams_batch.n_threads = settings["threads"]
    params.use_jinja = True  # the model's own chat template, which also renders tools if it can
    params.ui = False
    params.endpoint_slots = False  # it would show prompts
    params.verbosity = ERRORS_AND_WARNINGS
    return xllamacpp.Server(params)


def main() -> None:
    """Serve until the parent closes our stdin, which its death does too."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # native code may print; stdout is for the answer alone
    try:
        server = start(json.loads(sys.stdin.readline()))
    except (RuntimeError, ImportError) as error:
        print(json.dumps({"error": str(error)}), file=answer, flush=True)
        raise SystemExit(1) from None
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the parent keeps only what loading printed
    print(json.dumps({"address": server.listening_address}), file=answer, flush=True)
    sys.stdin.read()
    # Not `sys.exit`: destroying a server with an open response blocks for 30 s, and static
    # destructors crash beneath its threads. Nothing here needs an orderly end.
    os._exit(0)


if __name__ == "__main__":
    main()
