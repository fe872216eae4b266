"""How a team reaches a goal: divide, work, review, until nothing is open."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from a3s_code.agents.team import TaskStatus, TeamTask, TeamTaskBoard
from a3s_code.errors import A3SError

Ask = Callable[[str], Awaitable[str]]

_APPROVED = re.compile(r"(?<!NOT )\bAPPROVED\b")


@dataclass(frozen=True, slots=True)
class TeamRunResult:
    """What a team achieved, and in how many cycles."""

    done_tasks: list[TeamTask]
    rejected_tasks: list[TeamTask]
    rounds: int


class Teamwork:
    """One goal of one team.

    Members are asked with a prompt and answer with a text; they raise `A3SError`. A lead that fails
    fails the whole, a worker that fails has that as its result, a reviewer that fails rejects.
    """

    def __init__(
        self, board: TeamTaskBoard, lead: Ask, workers: Mapping[str, Ask], reviewer: Ask | None
    ) -> None:
        self._board, self._lead, self._workers = board, lead, workers
        self._reviewer = reviewer
        self._goal = ""
        self._remarks: dict[str, str] = {}

    async def run(self, goal: str, max_rounds: int = 10) -> TeamRunResult:
        """Work until nothing is open or rejected, at most `max_rounds` cycles."""
        self._goal = goal
        for description in planned_tasks(await self._lead(_plan_prompt(goal)), goal):
            self._board.post(description, "lead")
        rounds = 0
        while rounds < max_rounds and self._is_work_left():
            rounds += 1
            async with asyncio.TaskGroup() as group:
                for member, ask in self._workers.items():
                    group.create_task(self._work(member, ask))
            for task in self._board.by_status(TaskStatus.IN_REVIEW):
                await self._review(task)
        return TeamRunResult(
            self._board.by_status(TaskStatus.DONE),
            self._board.by_status(TaskStatus.REJECTED),
            rounds,
        )

    def _is_work_left(self) -> bool:
        stats = self._board.stats()
        return bool(self._workers) and stats.open + stats.rejected > 0

    async def _work(self, member: str, ask: Ask) -> None:
        while (task := self._board.claim(member)) is not None:
            try:
                result = await ask(_work_prompt(self._goal, task, self._remarks.get(task.id)))
            except A3SError as error:
                result = f"execution error: {error.problem}"
            self._board.complete(task.id, result)

    async def _review(self, task: TeamTask) -> None:
        if self._reviewer is None:
            self._board.approve(task.id)
            return
        try:
            verdict = await self._reviewer(_review_prompt(self._goal, task))
        except A3SError as error:
            verdict = f"the review failed: {error.problem}"
        if _APPROVED.search(verdict):
            self._board.approve(task.id)
        else:
            self._remarks[task.id] = verdict
            self._board.reject(task.id)


def planned_tasks(reply: str, goal: str) -> list[str]:
    """The tasks in the lead's JSON, from the first `{` to the last `}`; without any, the goal."""
    try:
        plan = json.loads(reply[reply.index("{") : reply.rindex("}") + 1])
    except (ValueError, RecursionError):
        return [goal]
    tasks = plan.get("tasks") if isinstance(plan, dict) else None
    if not isinstance(tasks, list):
        return [goal]
    return [task.strip() for task in tasks if isinstance(task, str) and task.strip()] or [goal]


def _plan_prompt(goal: str) -> str:
    return (
        "You lead a team. Divide the goal into tasks that can be worked on independently, each "
        "described completely. Answer with JSON of the form "
        f'{{"tasks": ["first task", "second task"]}} and nothing else.\n\nGoal: {goal}'
    )


def _work_prompt(goal: str, task: TeamTask, remark: str | None) -> str:
    parts = [f"Goal of the team: {goal}", f"Your task: {task.description}"]
    if remark is not None:
        parts += [f"Your last result was:\n{task.result}", f"The reviewer rejected it:\n{remark}"]
    return "\n\n".join(parts)


def _review_prompt(goal: str, task: TeamTask) -> str:
    return (
        f"Goal of the team: {goal}\n\nTask: {task.description}\n\nResult:\n{task.result}\n\n"
        "Review the result. Answer APPROVED if it settles the task; otherwise answer REJECTED and "
        "what is missing."
    )
