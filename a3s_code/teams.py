"""Teams whose members are sessions of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from a3s_code.agent import Agent
from a3s_code.agents.team import Role, Team, TeamTaskBoard
from a3s_code.agents.teamwork import Ask, TeamRunResult, Teamwork
from a3s_code.background import runtime
from a3s_code.errors import InvalidArgument
from a3s_code.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamMemberOptions:
    """Settings of one member; None leaves the agent definition's value."""

    workspace: str | Path | None = None
    model: str | None = None
    role: str | None = None
    guidelines: str | None = None
    response_style: str | None = None
    extra: str | None = None
    max_tool_rounds: int | None = None


class TeamRunner:
    """Binds sessions to the members of a team and lets them reach a goal.

    Sessions that it makes are closed by `close`, or at the end of a `with` block; bound ones stay
    open. With `create` it makes them from named agents.
    """

    def __init__(self, team: Team) -> None:
        self._team = team
        self._sessions: dict[str, Session] = {}
        self._made: list[Session] = []
        self._source: tuple[Agent, str | Path, Sequence[str | Path] | None] | None = None

    @classmethod
    def create(
        cls, agent: Agent, workspace: str | Path, agent_dirs: Sequence[str | Path] | None = None
    ) -> TeamRunner:
        """A runner with an empty team, whose members are agents in this workspace."""
        runner = cls(Team("team"))
        runner._source = (agent, workspace, agent_dirs)
        return runner

    def task_board(self) -> TeamTaskBoard:
        """The team's board."""
        return self._team.task_board()

    def add_lead(
        self, agent_name: str, options: TeamMemberOptions | None = None, **keywords: Any
    ) -> str:
        """Add the member that divides the goal; returns its id."""
        return self._add("lead", "lead", agent_name, options, keywords)

    def add_worker(
        self, agent_name: str, options: TeamMemberOptions | None = None, **keywords: Any
    ) -> str:
        """Add a member that does tasks; returns its id."""
        number = len(self._team.members("worker")) + 1
        return self._add(f"worker-{number}", "worker", agent_name, options, keywords)

    def add_reviewer(
        self, agent_name: str, options: TeamMemberOptions | None = None, **keywords: Any
    ) -> str:
        """Add the member that approves results or sends them back; returns its id."""
        return self._add("reviewer", "reviewer", agent_name, options, keywords)

    def bind_session(self, member_id: str, session: Session) -> None:
        """Let a session act for a member. Raises `InvalidArgument` when the team has no such one."""
        if not self._team.has_member(member_id):
            raise InvalidArgument(f"the team has no member {member_id!r}")
        self._sessions[member_id] = session

    def bind_agent(
        self,
        member_id: str,
        agent: Agent,
        workspace: str | Path,
        agent_name: str,
        agent_dirs: Sequence[str | Path] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Let a named agent act for a member, in a session of its own."""
        session = agent.session_for_agent(workspace, agent_name, agent_dirs, options)
        self._made.append(session)
        self.bind_session(member_id, session)

    def run_until_done(self, goal: str) -> TeamRunResult:
        """Work until every task is approved, or for the configured number of rounds.

        Ctrl-C cancels all members. Raises what the lead's session raises, and `InvalidArgument`
        for a blank goal or a team without a bound lead or worker.
        """
        runtime().check_not_inside()
        future = runtime().submit(self.arun_until_done(goal))
        return runtime().wait(future, future.cancel)

    async def arun_until_done(self, goal: str) -> TeamRunResult:
        """`run_until_done` for a caller with an event loop; cancelling cancels the members."""
        if not goal.strip():
            raise InvalidArgument("the goal is empty")
        leads, reviewers = self._asks("lead"), self._asks("reviewer")
        workers = self._asks("worker")
        if not leads or not workers:
            raise InvalidArgument("a team needs a lead and a worker")
        reviewer = next(iter(reviewers.values()), None)
        team = Teamwork(self.task_board(), next(iter(leads.values())), workers, reviewer)
        return await team.run(goal, self._team.config.max_rounds)

    def close(self) -> None:
        """Close the sessions that this runner made."""
        for session in self._made:
            session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _add(
        self,
        member_id: str,
        role: Role,
        agent_name: str,
        options: TeamMemberOptions | None,
        keywords: Mapping[str, Any],
    ) -> str:
        if self._source is None:
            raise InvalidArgument("this team has no agent: use TeamRunner.create, or bind_session")
        agent, workspace, agent_dirs = self._source
        given = asdict(replace(options or TeamMemberOptions(), **keywords))
        place = given.pop("workspace") or workspace
        self._team.add_member(member_id, role)
        try:
            self.bind_agent(member_id, agent, place, agent_name, agent_dirs, given)
        except BaseException:
            self._team.remove_member(member_id)
            raise
        return member_id

    def _asks(self, role: Role) -> dict[str, Ask]:
        bound = [member for member in self._team.members(role) if member in self._sessions]
        return {member: _ask(self._sessions[member]) for member in bound}


def _ask(session: Session) -> Ask:
    async def ask(prompt: str) -> str:
        return (await session.asend(prompt)).text

    return ask
