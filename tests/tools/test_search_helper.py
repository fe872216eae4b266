"""The processes that help with searches: kept for a while, and never longer than this one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import psutil
import pytest

from a3s_code.errors import ToolFailed
from a3s_code.tools.find import find_files
from a3s_code.tools.limits import Limits
from a3s_code.tools.search import search
from a3s_code.tools.search_helper import SearchHelper, spare_helpers
from a3s_code.tools.search_helpers import Help
from a3s_code.tools.threads import Stop, Stopped
from tests.deadlines import DEADLINE_S, PROGRAM_S
from tests.tools.bench import Bench

ELSEWHERE = Help(1, is_required=True)
SEARCH = """
import os, sys
from pathlib import Path
from queue import SimpleQueue
from a3s_code.tools.find import find_files
from a3s_code.tools.search_helper import spare_helpers
from a3s_code.tools.search_helpers import Help
from a3s_code.tools.workspace import Workspace
def found():
    return find_files(Workspace(Path(sys.argv[1])), "**", use_ripgrep=False, helping=Help(1, True))
def spare():
    helper = spare_helpers.take(SimpleQueue())
    spare_helpers.keep(helper)
    return helper.process.pid
"""


@pytest.fixture(autouse=True)
def _no_spare() -> Iterator[None]:
    spare_helpers.close()
    yield
    spare_helpers.close()


def _taken() -> SearchHelper | None:
    return spare_helpers.take(SimpleQueue())


def _spare_pid() -> int | None:
    helper = _taken()
    if helper is None:
        return None
    spare_helpers.keep(helper)
    return helper.process.pid


def _program(code: str, *args: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SEARCH + code, *map(str, args)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_process_serves_one_search_after_another(bench: Bench) -> None:
    """Of files by name and of their content."""
    bench.write("d/a", "needle")
    workspace, pids = bench.ctx.workspace, []
    for _ in range(2):
        assert find_files(workspace, "**", use_ripgrep=False, helping=ELSEWHERE) == ["d/a"]
        pids.append(_spare_pid())
        found = search(workspace, "needle", use_ripgrep=False, helping=ELSEWHERE)
        assert [match.path for match in found] == ["d/a"]
        pids.append(_spare_pid())
    assert pids[0] is not None
    assert len(set(pids)) == 1


def test_a_small_workspace_starts_no_process(bench: Bench) -> None:
    for number in range(300):
        bench.write(f"d{number % 20}/{number}", "x")
    assert len(find_files(bench.ctx.workspace, "**", use_ripgrep=False)) == 300
    assert len(search(bench.ctx.workspace, "x", use_ripgrep=False)) == 300
    assert _spare_pid() is None


def test_a_search_that_takes_too_long_ends_its_process(bench: Bench) -> None:
    bench.write("a", "a" * 60 + "!")
    with pytest.raises(ToolFailed, match="stopped after"):
        search(bench.ctx.workspace, r"(a+)+$(?=x)", limits=Limits(timeout_s=1))
    assert _spare_pid() is None


def test_a_caller_who_leaves_ends_the_process(bench: Bench) -> None:
    bench.write("d/a", "x")
    stop = Stop()
    stop.request()
    limits = Limits(stop)
    with pytest.raises(Stopped):
        find_files(bench.ctx.workspace, "**", limits=limits, use_ripgrep=False, helping=ELSEWHERE)
    assert _spare_pid() is None


def test_a_wish_to_stop_that_comes_too_late_ends_nothing(bench: Bench) -> None:
    bench.write("d/a", "x")
    stop = Stop()
    limits = Limits(stop)
    find_files(bench.ctx.workspace, "**", limits=limits, use_ripgrep=False, helping=ELSEWHERE)
    pid = _spare_pid()
    stop.request()
    assert find_files(bench.ctx.workspace, "**", use_ripgrep=False, helping=ELSEWHERE) == ["d/a"]
    assert _spare_pid() == pid is not None


def test_a_spare_process_that_has_died_is_replaced(bench: Bench) -> None:
    bench.write("d/a", "x")
    for _ in range(2):
        assert find_files(bench.ctx.workspace, "**", use_ripgrep=False, helping=ELSEWHERE) == [
            "d/a"
        ]
        helper = _taken()
        assert helper is not None
        helper.process.kill()
        helper.process.wait()
        helper.wait_for_end()
        spare_helpers.keep(helper)


@pytest.mark.parametrize("how", ["in order", "killed"])
def test_no_process_outlives_this_one(bench: Bench, how: str) -> None:
    bench.write("d/a", "x")
    program = _program("print(found(), spare(), flush=True); sys.stdin.read()", bench.root)
    assert program.stdout is not None
    *found, pid = program.stdout.readline().split()
    assert found == ["['d/a']"]
    helper = psutil.Process(int(pid))
    if how == "killed":
        program.kill()
    _, errors = program.communicate(timeout=PROGRAM_S)
    assert errors == ""
    assert psutil.wait_procs([helper], timeout=DEADLINE_S)[1] == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_forked_process_has_its_own(bench: Bench) -> None:
    bench.write("d/a", "x")
    program = _program(
        "found(); before = spare()\n"
        "if os.fork() == 0:\n"
        "    assert found() == ['d/a'] and spare() != before\n"
        "    spare_helpers.close()\n"
        "    os._exit(0)\n"
        "print(os.wait()[1], found(), spare() == before)\n",
        bench.root,
    )
    output, _ = program.communicate(timeout=PROGRAM_S)
    assert output == "0 ['d/a'] True\n"


def test_modules_in_the_current_directory_are_not_run(bench: Bench, tmp_path: Path) -> None:
    """The notebook's folder is there, and agents write into it."""
    for name in ("json", "re", "pathlib", "a3s_code"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(9)")
    bench.write("d/a", "x")
    code = "os.chdir(sys.argv[2]); sys.path[:0] = ['', os.getcwd()]; print(found())"
    output, _ = _program(code, bench.root, tmp_path).communicate(timeout=PROGRAM_S)
    assert output == "['d/a']\n"
