"""The `bash` tool, with real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from a3s_code.tools.bash import Bash
from a3s_code.tools.protocol import ToolContext, ToolOutput
from a3s_code.tools.run import run_tool
from a3s_code.tools.workspace import Workspace
from tests.deadlines import DEADLINE_S, longer_and_longer
from tests.tools.bench import Bench
from tests.tools.fast_clock import run_fast

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the commands are bash's")


def test_both_streams_come_in_their_order(bench: Bench) -> None:
    output = bench("bash", command="echo 1; echo 2 >&2; echo 3; echo 4 >&2")
    assert output == ToolOutput("1\n2\n3\n4\n", 0, {"exit_code": 0})
    assert "".join(bench.progress) == "1\n2\n3\n4\n"


def test_the_workspace_is_the_working_directory(bench: Bench) -> None:
    assert bench.text("bash", command="pwd -P").strip() == str(bench.ctx.workspace.root)


@pytest.mark.parametrize(
    ("command", "code"),
    [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("no-such-command-here", 127)],
)
def test_the_exit_code_is_the_command_s_own(bench: Bench, command: str, code: int) -> None:
    output = bench("bash", command=command)
    assert output.exit_code == code
    assert output.metadata == {"exit_code": code}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_death_by_signal_is_128_and_its_number(bench: Bench, number: int) -> None:
    output = bench("bash", command=f"echo before; kill -{number} $$; echo after")
    assert (output.text, output.exit_code) == ("before\n", 128 + number)


def test_there_is_no_standard_input(bench: Bench) -> None:
    assert bench.text("bash", command="cat; echo end") == "end\n"


def test_extra_variables_do_not_replace_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A3S_INHERITED", "mine")
    text = bench.text("bash", command='echo "$A3S_TEST:$A3S_INHERITED"', env={"A3S_TEST": "x y"})
    assert text == "x y:mine\n"


def test_variables_must_be_strings(bench: Bench) -> None:
    text = bench.failure("bash", command="true", env={"A": 1})
    assert text == "env parameter must be an object of strings"


@pytest.mark.parametrize(
    "args",
    [
        {"command": "a\0b"},
        {"command": "\ud800"},
        {"command": "x" * 5_000_000},
        {"command": "true", "env": {"A=B": "1"}},
    ],
)
def test_what_cannot_be_started_fails_as_a_tool_does(bench: Bench, args: dict[str, object]) -> None:
    assert bench.failure("bash", **args).startswith("Failed to start command: ")


def test_a_vanished_workspace_is_not_disclosed(bench: Bench) -> None:
    bench.root.rmdir()
    text = bench.failure("bash", command="true")
    assert text == "Failed to start command: No such file or directory"


def test_bytes_that_are_no_utf8_do_not_end_the_output(bench: Bench) -> None:
    text = bench.text("bash", command=r"printf 'a\xffb\xc3'; printf '\xa9'; echo end")
    assert text == "a\N{REPLACEMENT CHARACTER}b\N{LATIN SMALL LETTER E WITH ACUTE}"[:-1] + "éend\n"
    assert "".join(bench.progress) == text


def test_an_unfinished_character_at_the_end_is_shown(bench: Bench) -> None:
    assert bench.text("bash", command=r"printf '\xc3'") == "\N{REPLACEMENT CHARACTER}"


def test_long_output_keeps_head_and_tail(bench: Bench) -> None:
    text = bench.text("bash", command="seq 200000")
    size = sum(len(f"{n}\n") for n in range(1, 200_001))
    assert len(text.encode()) <= 102_400
    assert text.startswith("1\n2\n3\n")
    assert text.endswith("\n199999\n200000\n")
    head, _, rest = text.partition("\n... (")
    dropped, _, tail = rest.partition(" bytes of output dropped) ...\n")
    assert len(head) + int(dropped) + len(tail) == size
    assert "".join(bench.progress) == "".join(f"{n}\n" for n in range(1, 200_001))


def test_output_is_reported_in_large_pieces(bench: Bench) -> None:
    bench.text("bash", command="seq 50000")
    assert len(bench.progress) < 5000


def test_output_is_reported_while_the_command_runs(bench: Bench) -> None:
    """The command goes on only when its first line was heard."""
    gate = bench.root / "gate"
    os.mkfifo(gate)

    def heard(_text: str) -> None:
        if not opened.is_set():
            opened.set()
            threading.Thread(target=gate.write_text, args=("go\n",), daemon=True).start()

    opened = threading.Event()
    ctx = ToolContext(Workspace(bench.root), progress=heard)
    args = {"command": "echo first; read word < gate; echo $word", "timeout": DEADLINE_S * 1000}
    output = asyncio.run(run_tool(Bash(), args, ctx))
    assert output.text == "first\ngo\n"


def test_a_timeout_keeps_the_output_so_far(bench: Bench) -> None:
    for limit_ms in longer_and_longer(300):
        output = bench("bash", command="echo begun; touch far; sleep 600", timeout=limit_ms)
        if (bench.root / "far").exists():
            break
    assert output.text == f"begun\n[Command timed out after {limit_ms}ms]"
    assert output.exit_code == 1
    assert output.metadata == {"exit_code": 1, "timed_out": True}


def test_a_timeout_does_not_glue_its_note_to_a_line(bench: Bench) -> None:
    for limit_ms in longer_and_longer(300):
        text = bench.failure("bash", command="printf begun; touch far; sleep 600", timeout=limit_ms)
        if (bench.root / "far").exists():
            break
    assert text == f"begun\n[Command timed out after {limit_ms}ms]"


@pytest.mark.parametrize("timeout", [0, -5, True, "10"])
def test_a_timeout_must_be_a_positive_integer(bench: Bench, timeout: object) -> None:
    text = bench.failure("bash", command="true", timeout=timeout)
    assert text.startswith("timeout parameter must be")


@pytest.mark.parametrize(("args", "timeout_ms"), [({}, 120_000), ({"timeout": 7500}, 7500)])
def test_the_documented_timeout(bench: Bench, args: dict[str, int], timeout_ms: int) -> None:
    waits: list[float] = []
    output = run_fast(bench.call("bash", {"command": "sleep 600"} | args), waits)
    assert output.text == f"[Command timed out after {timeout_ms}ms]"
    assert timeout_ms / 1000 in waits


def test_a_huge_timeout_is_fine(bench: Bench) -> None:
    assert bench.text("bash", command="echo x", timeout=10**30) == "x\n"


# A tree with a child in the background, a grandchild, and one that ignores polite signals.
TREE = """
trap '' TERM INT HUP
bash -c 'echo $$ >> pids; sleep 600' &
(bash -c 'trap "" TERM; echo $$ >> pids; sleep 600; true') &
echo $$ >> pids
sleep 600 &
echo $! >> pids
echo ready
wait
"""


def _pids(root: Path) -> list[int]:
    file = root / "pids"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def _is_running(pid: int) -> bool:
    """Whether a process still runs; one that only waits to be reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    try:
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.01)


def _started(bench: Bench) -> bool:
    return "ready" in "".join(bench.progress) and len(_pids(bench.root)) == 4


async def _cancelled(task: asyncio.Task[ToolOutput]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_cancelling_kills_the_whole_tree(bench: Bench) -> None:
    async def scenario() -> None:
        task = asyncio.create_task(bench.call("bash", {"command": TREE}))
        await _until(lambda: _started(bench))
        await _cancelled(task)
        await _until(lambda: not any(map(_is_running, _pids(bench.root))))

    asyncio.run(scenario())


def test_a_timeout_kills_the_whole_tree(bench: Bench) -> None:
    async def scenario() -> None:
        for limit_ms in longer_and_longer(1500):
            (bench.root / "pids").unlink(missing_ok=True)
            output = await bench.call("bash", {"command": TREE, "timeout": limit_ms})
            if len(_pids(bench.root)) == 4:
                break
        assert output.text.endswith(f"[Command timed out after {limit_ms}ms]")
        assert len(_pids(bench.root)) == 4
        await _until(lambda: not any(map(_is_running, _pids(bench.root))))

    asyncio.run(scenario())


def test_the_timeout_of_the_session_kills_the_whole_tree(bench: Bench) -> None:
    async def scenario() -> None:
        output = await bench.call("bash", {"command": TREE}, timeout_ms=1500)
        assert output == ToolOutput("Tool 'bash' timed out after 1500ms", 1)
        await _until(lambda: not any(map(_is_running, _pids(bench.root))))

    asyncio.run(scenario())


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_child_in_a_session_of_its_own_is_killed_too(bench: Bench) -> None:
    """`setsid` leaves the process group, but not the tree of parents and children."""
    command = "setsid bash -c 'echo $$ >> pids; echo ready; sleep 600'; echo late"

    async def scenario() -> None:
        task = asyncio.create_task(bench.call("bash", {"command": command}))
        await _until(lambda: len(_pids(bench.root)) == 1)
        await _cancelled(task)
        await _until(lambda: not any(map(_is_running, _pids(bench.root))))

    asyncio.run(scenario())


def test_cancelling_before_the_start_leaves_nothing_behind(bench: Bench) -> None:
    async def scenario() -> None:
        for _ in range(20):
            task = asyncio.create_task(
                bench.call("bash", {"command": "echo $$ >> pids; sleep 600"})
            )
            await asyncio.sleep(0)
            await _cancelled(task)
        await _until(lambda: not any(map(_is_running, _pids(bench.root))))

    asyncio.run(scenario())


def test_a_child_in_the_background_does_not_hold_the_call(bench: Bench) -> None:
    """It lives on, and what it writes later does not kill it."""
    os.mkfifo(bench.root / "gate")
    command = "(echo $BASHPID > pids; read < gate; echo more; echo > alive; sleep 600) & echo done"

    async def scenario() -> None:
        async with asyncio.timeout(DEADLINE_S):
            output = await bench.call("bash", {"command": command})
        assert output.text == "done\n"
        await _until(lambda: bool(_pids(bench.root)))
        await asyncio.to_thread((bench.root / "gate").write_text, "go\n")
        await _until((bench.root / "alive").exists)
        assert "more" not in "".join(bench.progress)
        os.kill(_pids(bench.root)[0], signal.SIGKILL)

    asyncio.run(scenario())


def test_commands_at_the_same_time_keep_their_outputs(bench: Bench) -> None:
    async def scenario() -> list[ToolOutput]:
        calls: list[Awaitable[ToolOutput]] = [
            bench.call("bash", {"command": f"seq {n} {n + 500}; exit {n}"}) for n in range(20)
        ]
        return await asyncio.gather(*calls)

    for n, output in enumerate(asyncio.run(scenario())):
        assert output.exit_code == n
        assert output.text == "".join(f"{line}\n" for line in range(n, n + 501))
