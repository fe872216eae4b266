"""What goes wrong outside of this program: what the user sees, what is kept, and what works on.

One file per family: `test_network`, `test_cut_streams`, `test_storms_and_clocks`, `test_store`,
`test_processes`, `test_front_end`. Each test ends by asking the session (or the kernel) once more.
`docs/faults.md` tells users the same in a table.

The parts below have their own, finer tests, which are not repeated here:

- how the model client words each failure, retries and gives up: `tests/llm/test_http.py`;
- any split and any cut of a body, as bytes without a network: `tests/llm/test_splits.py`;
- the folder of saved sessions, torn journals, several writers: `tests/store/`;
- the process tree of a command: `tests/tools/test_tool_bash.py`; what a killed process leaves
  running: `tests/tools/test_orphans.py`;
- a kernel that is killed in the middle of a turn: `tests/kernel/test_killed.py`; that is shut down:
  `tests/kernel/test_shutdown.py`; Stop at two hundred random moments: `tests/kernel/test_stress.py`;
- Cancel and questions in a real browser: `tests/browser/`.
"""
