"""What steers the agent is not covered by an approval for the session."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from a3s_magics.approvals import Approvals
from a3s_magics.desk import Desk
from a3s_magics.interrupt import TurnInterrupt
from a3s_magics.steering import steers_agent
from a3s_magics.transcript import ToolCall, Transcript


@pytest.mark.parametrize(
    ("path", "steers"),
    [
        ("agent.hcl", True),
        ("sub/AGENT.HCL", True),
        ("/abs/agent.hcl", True),
        (r"sub\agent.hcl. ", True),
        ("AGENTS.md", True),
        (".a3s/config.hcl", True),
        ("x/.A3S/skills/s.md", True),
        ("a3s/agent.py", False),
        ("agent.hcl.bak/notes.md", False),
        ("my-agent.hcl", False),
    ],
)
def test_which_files_steer(path: str, steers: bool) -> None:
    assert steers_agent({"file_path": path}) is steers
    assert steers_agent({"path": path, "content": "agent.hcl"}) is steers


@dataclass
class Answers:
    """A session that notes the answers to its questions."""

    given: list[tuple[str, bool]] = field(default_factory=list)

    def cancel(self) -> bool:
        return True

    def confirm_tool_use(self, tool_id: str, approved: bool, reason: str | None = None) -> bool:
        self.given.append((tool_id, approved))
        return True


def asked(tool_id: str, path: str) -> ToolCall:
    return ToolCall(tool_id=tool_id, name="write", state="asking", args={"file_path": path})


@pytest.mark.parametrize(("yes", "answered"), [(False, ["c1"]), (True, ["c1", "c2"])])
def test_the_question_stays_open_for_a_person(yes: bool, answered: list[str]) -> None:
    """After "Approve for this session"; `--yes` says yes to all that one turn does."""
    session = Answers()
    with Desk(session, {"write"}) as desk:
        approvals = Approvals("buttons", desk, TurnInterrupt(), yes=yes)
        approvals.attend(Transcript(segments=(asked("c1", "a.txt"), asked("c2", "agent.hcl"))))
    assert session.given == [(tool_id, True) for tool_id in answered]
