"""The board's status changes and the work of a team."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict

import pytest

from a3s_code.agents.team import BoardStats, TaskStatus, Team, TeamConfig, TeamTaskBoard
from a3s_code.agents.teamwork import TeamRunResult, Teamwork, planned_tasks
from a3s_code.errors import InvalidArgument, ToolFailed

Ask = Callable[[str], Awaitable[str]]


def board_at() -> TeamTaskBoard:
    return TeamTaskBoard(now=itertools.count(100).__next__)


def test_the_way_of_a_task() -> None:
    board = board_at()
    assert board.post("do it", "lead") == "task-1"
    task = board.claim("worker-1")
    assert task is not None
    assert (task.status, task.assigned_to, task.created_at, task.updated_at) == (
        "in_progress",
        "worker-1",
        100,
        101,
    )
    assert board.complete("task-1", "did it") is True
    assert board.reject("task-1") is True
    rejected = board.get("task-1")
    assert rejected is not None
    assert (rejected.status, rejected.assigned_to, rejected.result) == ("rejected", None, "did it")
    again = board.claim("worker-2")
    assert again is not None
    assert again.assigned_to == "worker-2"
    assert board.complete("task-1", "better") is True
    assert board.approve("task-1") is True
    done = board.get("task-1")
    assert done is not None
    assert (done.status, done.result, done.posted_by) == ("done", "better", "lead")
    assert board.claim("worker-1") is None


def test_what_a_task_tells() -> None:
    """Its times are unix seconds."""
    board = TeamTaskBoard()
    earliest = time.time()
    board.post("do it", "lead", assign_to="worker-1")
    task = board.get("task-1")
    assert task is not None
    assert asdict(task) == {
        "id": "task-1",
        "description": "do it",
        "posted_by": "lead",
        "assigned_to": "worker-1",
        "status": "in_progress",
        "result": None,
        "created_at": task.created_at,
        "updated_at": task.created_at,
    }
    assert earliest <= task.created_at <= time.time()
    assert board.post("then this", "lead") == "task-2"
    assert [status.value for status in TaskStatus] == [
        *("open", "in_progress", "in_review", "done", "rejected")
    ]


def test_changes_that_do_not_fit_the_status() -> None:
    board = board_at()
    board.post("x", "lead")
    assert not board.complete("task-1", "r")
    assert not board.approve("task-1")
    assert not board.reject("task-1")
    assert not board.approve("task-9")
    board.claim("w")
    assert not board.approve("task-1")


def test_views_of_the_board() -> None:
    board = board_at()
    board.post("a", "lead")
    board.post("b", "lead", assign_to="w")
    assert [task.id for task in board.by_status("open")] == ["task-1"]
    assert [task.id for task in board.by_assignee("w")] == ["task-2"]
    assert board.stats() == BoardStats(1, 1, 0, 0, 0)
    assert tuple(board.stats()) == (1, 1, 0, 0, 0)
    assert len(board) == 2
    assert board.get("task-3") is None


def test_a_team_and_its_limits() -> None:
    team = Team("t", TeamConfig(max_tasks=1))
    team.add_member("lead", "lead")
    team.add_member("worker-1", "worker")
    assert (team.member_count(), team.members("worker")) == (2, ["worker-1"])
    assert team.remove_member("worker-1") is True
    assert team.remove_member("worker-1") is False
    with pytest.raises(InvalidArgument, match="role"):
        team.add_member("x", "boss")  # type: ignore[arg-type]  # what a caller may do wrong
    assert team.task_board().post("a", "lead") == "task-1"
    assert team.task_board().post("b", "lead") is None
    assert asdict(TeamConfig()) == {
        "max_tasks": 50,
        "channel_buffer": 128,
        "max_rounds": 10,
        "poll_interval_ms": 200,
    }


@pytest.mark.parametrize(
    ("reply", "tasks"),
    [
        ('{"tasks": ["a", "b"]}', ["a", "b"]),
        ('Sure: {"tasks": [" a ", ""]} ok', ["a"]),
        ("no JSON", ["goal"]),
        ('{"tasks": [}', ["goal"]),
        ('{"tasks": []}', ["goal"]),
        ('{"tasks": "a"}', ["goal"]),
        ('{"other": 1}', ["goal"]),
    ],
)
def test_the_leads_answer(reply: str, tasks: list[str]) -> None:
    assert planned_tasks(reply, "goal") == tasks


def play(
    lead: str, worker: Ask, reviewer: Ask | None, *, max_rounds: int = 10, workers: int = 1
) -> TeamRunResult:
    async def plan(_prompt: str) -> str:
        return lead

    team = {f"worker-{number}": worker for number in range(1, workers + 1)}
    return asyncio.run(Teamwork(board_at(), plan, team, reviewer).run("the goal", max_rounds))


async def works(prompt: str) -> str:
    return "rework" if "rejected it" in prompt else "first try"


async def approves(_prompt: str) -> str:
    return "APPROVED, well done"


async def wants_rework(prompt: str) -> str:
    return "APPROVED" if "rework" in prompt else "NOT APPROVED: do more"


def test_a_rejected_task_is_worked_on_again() -> None:
    result = play('{"tasks": ["a", "b"]}', works, wants_rework)
    assert [(task.description, task.result) for task in result.done_tasks] == [
        ("a", "rework"),
        ("b", "rework"),
    ]
    assert (result.rejected_tasks, result.rounds) == ([], 2)


def test_rounds_are_limited() -> None:
    async def rejects(_prompt: str) -> str:
        return "no"

    result = play('{"tasks": ["a"]}', works, rejects, max_rounds=3)
    assert (result.done_tasks, len(result.rejected_tasks), result.rounds) == ([], 1, 3)


def test_without_a_reviewer_finished_work_is_done() -> None:
    result = play('{"tasks": ["a"]}', works, None)
    assert [task.result for task in result.done_tasks] == ["first try"]


def test_a_failing_worker_has_that_as_its_result() -> None:
    async def fails(_prompt: str) -> str:
        raise ToolFailed("no network")

    result = play('{"tasks": ["a"]}', fails, approves)
    assert [task.result for task in result.done_tasks] == ["execution error: no network"]


def test_a_failing_reviewer_rejects() -> None:
    async def fails(_prompt: str) -> str:
        raise ToolFailed("no network")

    assert play('{"tasks": ["a"]}', works, fails, max_rounds=1).rejected_tasks


def test_workers_share_the_tasks() -> None:
    both = asyncio.Barrier(2)

    async def meets(_prompt: str) -> str:
        async with asyncio.timeout(30):
            await both.wait()
        return "met"

    result = play('{"tasks": ["a", "b"]}', meets, approves, workers=2)
    assert [task.assigned_to for task in result.done_tasks] == ["worker-1", "worker-2"]
