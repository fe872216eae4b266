"""The `batch` tool."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from a3s_code.tools.protocol import ToolOutput
from tests.tools.bench import Bench


@pytest.fixture
def batch(bench: Bench) -> Bench:
    async def invoke(name: str, args: Mapping[str, Any]) -> ToolOutput:
        if name not in bench.tools:
            return ToolOutput(f"Unknown tool: {name}", 1)
        return await bench.call(name, dict(args))

    bench.ctx = replace(bench.ctx, invoke=invoke)
    return bench


def _call(tool: str, **args: Any) -> dict[str, Any]:
    return {"tool": tool, "args": args}


def test_results_come_in_the_order_of_the_calls(batch: Bench) -> None:
    batch.write("a", "x\n")
    output = batch(
        "batch", invocations=[_call("bash", command="echo 1"), _call("read", file_path="a")]
    )
    assert output == ToolOutput("--- [1: bash] ---\n1\n\n--- [2: read] ---\n     1\tx\n\n", 0)


def test_one_failure_makes_the_whole_fail_but_shows_all(batch: Bench) -> None:
    output = batch(
        "batch",
        invocations=[_call("read", file_path="no"), _call("none"), _call("bash", command="echo y")],
    )
    assert output.exit_code == 1
    assert output.text == (
        "--- [1: read] ---\nERROR: Failed to read file no: No such file or directory\n"
        "--- [2: none] ---\nERROR: Unknown tool: none\n"
        "--- [3: bash] ---\ny\n\n"
    )


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ({}, "invocations parameter is required"),
        ({"invocations": []}, "invocations array must not be empty"),
        (
            {"invocations": [_call("bash", command="touch ran"), _call("batch")]},
            "nested batch calls are not allowed",
        ),
        ({"invocations": [_call("ls")] * 33}, "more than 32 items"),
        ({"invocations": [_call("ls"), "ls"]}, "invocation 2 must be an object"),
        ({"invocations": [{"tool": "ls", "args": []}]}, "invocation 1 must be an object"),
        ({"invocations": "ls"}, "invocations parameter must be an array"),
    ],
)
def test_a_batch_that_is_refused_runs_nothing(
    batch: Bench, args: dict[str, Any], problem: str
) -> None:
    assert problem in batch.failure("batch", **args)
    assert list(batch.root.iterdir()) == []


def test_args_may_be_left_out(batch: Bench) -> None:
    assert "(empty directory)" in batch.text("batch", invocations=[{"tool": "ls"}])


def test_calls_run_at_the_same_time_but_at_most_eight(bench: Bench) -> None:
    running, most = 0, 0
    full = asyncio.Event()

    async def invoke(name: str, args: Mapping[str, Any]) -> ToolOutput:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 8:
            full.set()
        async with asyncio.timeout(30):
            await full.wait()
        await asyncio.sleep(0)
        running -= 1
        return ToolOutput(name)

    bench.ctx = replace(bench.ctx, invoke=invoke)
    bench.text("batch", invocations=[_call(str(n)) for n in range(32)])
    assert most == 8


def test_a_long_output_leaves_room_for_the_others(batch: Bench) -> None:
    batch.write("big", "x" * 99 + "\n")
    long = _call("bash", command="seq 100000")
    text = batch.text("batch", invocations=[long, long, _call("bash", command="echo end")])
    assert len(text.encode()) <= 102_400
    assert text.endswith("--- [3: bash] ---\nend\n\n")


def test_images_are_passed_on(batch: Bench) -> None:
    batch.write("a.gif", b"GIF89a")
    output = batch("batch", invocations=[_call("read", file_path="a.gif")] * 2)
    assert len(output.images) == 2


def test_without_a_way_to_call_tools(bench: Bench) -> None:
    assert bench.failure("batch", invocations=[_call("ls")]) == "batch is not available here"


def test_cancelling_cancels_every_call(bench: Bench) -> None:
    ended: list[str] = []

    async def scenario() -> None:
        begun = asyncio.Event()

        async def invoke(name: str, args: Mapping[str, Any]) -> ToolOutput:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(name)
            raise AssertionError

        bench.ctx = replace(bench.ctx, invoke=invoke)
        calls = [_call("a"), _call("b")]
        task = asyncio.create_task(bench.call("batch", {"invocations": calls}))
        await begun.wait()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    assert sorted(ended) == ["a", "b"]
