"""Tools inside a session: batch, git, and versions of files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from a3s_code import A3SError, ConfirmationPolicy, PermissionPolicy, ToolError, ToolResult
from tests.deadlines import DEADLINE_S
from tests.model_server import ModelServer, calls, says, turn, wait
from tests.session.callers import by_stream
from tests.session.conftest import NewSession
from tests.session.test_attachments import PNG


def items(*pairs: tuple[str, dict[str, str]]) -> list[dict[str, object]]:
    return [{"tool": tool, "args": args} for tool, args in pairs]


def test_batch_items_are_judged_one_by_one(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("alpha\n", encoding="utf-8")
    policy = PermissionPolicy(deny=["bash(rm:*)"], default_decision="allow")
    invocations = items(("read", {"path": "a.txt"}), ("bash", {"command": "rm a.txt"}))
    model_server.script(calls("batch", id="b", invocations=invocations), says("Done."))
    session = new_session(permissive=False, permission_policy=policy)
    answer = by_stream(session, "go")
    (end,) = (event for event in answer.events if event.event_type == "tool_end")
    assert "alpha" in end.tool_output
    assert "ERROR: Permission denied" in end.tool_output
    assert end.exit_code == 1
    assert (tmp_path / "a.txt").exists()
    direct = session.tool("batch", {"invocations": invocations})
    assert "ERROR: Permission denied" in direct.output


def test_a_batch_item_that_needs_a_person_asks_for_itself(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    policy = PermissionPolicy(allow=["batch"], default_decision="ask")
    session = new_session(
        permissive=False,
        permission_policy=policy,
        confirmation_policy=ConfirmationPolicy(enabled=True),
    )
    invocations = items(("bash", {"command": "touch made"}), ("bash", {"command": "touch not"}))
    model_server.script(calls("batch", id="b", invocations=invocations), says("Done."))
    for event in session.stream("go"):
        if event.event_type == "confirmation_required":
            session.confirm_tool_use(event.tool_id, event.args["command"] == "touch made", "no")
    assert (tmp_path / "made").exists()
    assert not (tmp_path / "not").exists()


def test_git_that_reads_runs_beside_other_reading_calls(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    model_server.script(
        turn(calls("git", id="g", command="status"), calls("ls", id="l")), says("Clean.")
    )
    answer = by_stream(new_session(), "state?")
    ends = [(e.tool_id, e.exit_code) for e in answer.events if e.event_type == "tool_end"]
    assert ends == [("g", 0), ("l", 0)]


def test_an_older_name_of_a_tool_still_works(new_session: NewSession, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    result = new_session().call_tool("git_worktree", {"command": "status"})
    assert result["exit_code"] == 0
    assert "Branch:" in result["output"]


@pytest.mark.parametrize("rule", ["git", "git(worktree*)", "git_worktree"])
def test_rules_hold_for_both_names_of_a_tool(
    new_session: NewSession, tmp_path: Path, rule: str
) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    session = new_session(permission_policy=PermissionPolicy(deny=[rule]))
    assert session.tool("git_worktree", {"command": "list"}).output.startswith("Permission denied")


def test_versions_of_files(new_session: NewSession, tmp_path: Path) -> None:
    session = new_session()
    session.tool("write", {"file_path": "a.txt", "content": "one\n"})
    session.tool("edit", {"file_path": "a.txt", "old_string": "one", "new_string": "two"})
    assert session.list_tracked_files() == ["a.txt"]
    versions = session.list_file_versions("a.txt")
    assert [(v.version, v.tool_name, v.size) for v in versions] == [(0, "write", 0), (1, "edit", 4)]
    assert "+one" in (session.diff_file_versions("a.txt", 0, 1) or "")
    assert session.diff_file_versions("a.txt", 0, 9) is None
    session.restore_file_version("a.txt", 1)
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "one\n"
    assert len(session.list_file_versions("a.txt")) == 3
    with pytest.raises(ToolError, match=r"a\.txt"):
        session.restore_file_version("a.txt", 99)


def test_a_version_is_compared_with_the_file_as_it_is_now(
    new_session: NewSession, tmp_path: Path
) -> None:
    """It goes under the number after the last version, also when somebody else has changed it."""
    session = new_session()
    session.tool("write", {"file_path": "a.txt", "content": "one\n"})
    assert session.diff_file_versions("a.txt", 0, 1) == (
        "--- a/a.txt (version 0)\n+++ b/a.txt (version 1)\n@@ -0,0 +1 @@\n+one\n"
    )
    (tmp_path / "a.txt").write_bytes(b"two\n")
    assert "+two\n" in (session.diff_file_versions("a.txt", 0, 1) or "")
    (tmp_path / "a.txt").unlink()
    assert session.diff_file_versions("a.txt", 0, 1) == ""
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(A3SError, match=r"Failed to read file a\.txt"):
        session.diff_file_versions("a.txt", 0, 1)
    assert session.diff_file_versions("a.txt", 0, 2) is None
    assert session.diff_file_versions("b.txt", 0, 1) is None


def test_web_settings_of_the_configuration_reach_the_tool(
    model_server: ModelServer, new_session: NewSession
) -> None:
    url = model_server.url + "/page"
    refused = new_session().tool("web_fetch", {"url": url})
    assert refused.exit_code == 1
    allowed = new_session(top='web { allow_private_hosts = ["127.0.0.1"] }')
    assert allowed.tool("web_fetch", {"url": url}).exit_code == 0


def test_a_direct_call_asks_nobody(new_session: NewSession) -> None:
    asked: list[str] = []
    session = new_session(
        permissive=False,
        permission_policy=PermissionPolicy(ask=["bash"]),
        confirmation_manager=lambda tool, _args: asked.append(tool) or False,
    )
    assert session.bash("echo one") == "one\n"
    assert asked == []


def test_the_boundary_holds_inside_a_batch(new_session: NewSession) -> None:
    result = new_session().tool("batch", {"invocations": items(("read", {"path": "../a"}))})
    assert result.output == (
        "--- [1: read] ---\n"
        "ERROR: Workspace boundary violation: tool 'read' path '../a' escapes workspace\n"
    )
    assert (result.exit_code, result.metadata_json) == (1, None)


def test_a_direct_call_is_no_turn(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    """It asks no model, costs nothing, and the stream that runs meanwhile tells nothing of it."""
    (tmp_path / "a.txt").write_text("alpha\n", encoding="utf-8")
    session = new_session()
    model_server.script(says("One ", wait(), "two"))
    stream = session.stream("go")
    assert model_server.waiting.wait(DEADLINE_S)
    result = session.tool("read", {"file_path": "a.txt"})
    assert isinstance(result, ToolResult)
    assert (result.name, result.output, result.exit_code) == ("read", "     1\talpha\n", 0)
    model_server.release()
    assert not [event for event in stream if "tool" in event.event_type]
    assert len(model_server.requests) == 1
    assert session.usage.total_tokens == 15
    assert len(session.history()) == 2


def test_wrappers_give_what_their_tools_give(new_session: NewSession, tmp_path: Path) -> None:
    for name in ("a.py", "b c.py"):
        (tmp_path / name).write_text("import os\n", encoding="utf-8")
    session = new_session()
    assert session.read_file("a.py") == session.tool("read", {"file_path": "a.py"}).output
    assert session.grep("os") == session.tool("grep", {"pattern": "os"}).output
    assert session.glob("*.py") == ["a.py", "b c.py"]
    assert session.bash("echo one; exit 3") == "one\n"


def test_bash_raises_when_no_command_has_run(new_session: NewSession, tmp_path: Path) -> None:
    """The text of a refusal is nothing that a command has written."""
    session = new_session(permission_policy=PermissionPolicy(deny=["bash(rm:*)"]))
    with pytest.raises(ToolError, match="bash 'rm x': Permission denied"):
        session.bash("rm x")
    with pytest.raises(ToolError, match=r"bash 'a\\x00b': Failed to start command"):
        session.bash("a\0b")
    with pytest.raises(ToolError, match="must be a string"):
        session.bash(3)  # type: ignore[arg-type]  # on purpose
    assert session.bash("exit 3") == ""
    assert session.tool("bash", {"command": "a\0b"}).metadata == {"exit_code": 1, "started": False}


def test_the_model_is_given_the_outputs_of_direct_calls(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    """The text of a tool that failed, too."""
    (tmp_path / "a.txt").write_text("alpha\n", encoding="utf-8")
    model_server.script(
        turn(calls("read", file_path="a.txt"), calls("read", file_path="no")), says("Done.")
    )
    session = new_session()
    session.send("go")
    given = [m["content"] for m in model_server.requests[1]["messages"] if m["role"] == "tool"]
    outputs = [session.tool("read", {"file_path": path}).output for path in ("a.txt", "no")]
    assert (
        given == outputs == ["     1\talpha\n", "Failed to read file no: No such file or directory"]
    )


def test_images_travel_with_the_result(new_session: NewSession, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    result = new_session().tool("read", {"file_path": "a.png"})
    (image,) = result.images
    assert (image.data, image.media_type) == (PNG, "image/png")


def test_versions_belong_to_one_session(new_session: NewSession) -> None:
    one, other = new_session(), new_session()
    for number in range(501):
        one.tool("write", {"file_path": f"{number % 2}.txt", "content": str(number)})
    assert len(one.list_file_versions("0.txt")) == 250
    assert len(one.list_file_versions("1.txt")) == 250
    assert other.list_tracked_files() == []


def test_metadata_is_there_parsed_and_as_json(new_session: NewSession) -> None:
    result = new_session().tool("bash", {"command": "exit 3"})
    assert (result.metadata, result.metadata_json) == ({"exit_code": 3}, '{"exit_code": 3}')
