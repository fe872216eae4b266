"""A live turn in a real kernel: clicks, Stop and approvals while the cell runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deadlines import DEADLINE_S
from tests.magics.conftest import StartKernel
from tests.magics.kernel import RECORD, WIDGET, Kernel, Message, Screen, once
from tests.magics.test_sanitise import HOSTILE, RENDERERS, problems_of
from tests.model_server import ModelServer, calls, says, turn, wait

pytestmark = pytest.mark.kernel

LONG = "\n\n".join(f"Paragraph {n}: " + "some words " * 20 for n in range(60))


@pytest.fixture
def kernel(start_kernel: StartKernel) -> Kernel:
    """A kernel with the live view."""
    return start_kernel(A3S_UI="widgets")


def press(kernel: Kernel, label: str):  # type: ignore[no-untyped-def]  # a watcher's action
    def act(screen: Screen) -> None:
        comm_id = screen.button(label)
        assert comm_id is not None
        kernel.click(comm_id)

    return act


def static(screen: Screen) -> dict[str, object]:
    """The only output of a finished turn."""
    (bundle,) = screen.outputs
    assert WIDGET not in bundle
    assert {"text/markdown", "text/plain", RECORD} <= set(bundle)
    return dict(bundle)


@pytest.mark.versions
def test_cancel_is_heard_while_the_cell_runs(kernel: Kernel, model_server: ModelServer) -> None:
    model_server.script(says("partial answer", wait(), " never sent"), says("next"))
    cancel = once(lambda screen: "partial answer" in screen.shown, press(kernel, "Cancel"))

    screen = kernel.run("%%a3s\ncount", cancel, answer="")

    assert model_server.disconnected.wait(DEADLINE_S)
    assert (screen.reply["ename"], len(screen.errors[0]["traceback"])) == ("TurnCancelled", 1)
    assert "partial answer" in str(static(screen)["text/markdown"])
    assert screen.record["cancelled"] is True
    assert not screen.closed  # two dozen messages that the end of the cell does not wait for
    kernel.wait_until_closed(screen)

    kernel.run("%%a3s\ngo on", answer="").succeeded()
    assert {"role": "assistant", "content": "partial answer"} in model_server.requests[1][
        "messages"
    ]


@pytest.mark.versions
def test_nothing_is_told_of_a_click_before_the_cell_has_ended(
    kernel: Kernel, model_server: ModelServer
) -> None:
    """A notebook server delays small messages behind each other, so each would delay the end."""
    model_server.script(says("partial answer", wait()))
    clicks: list[str] = []

    def cancel(screen: Screen) -> None:
        comm_id = screen.button("Cancel")
        assert comm_id is not None
        clicks.append(kernel.click(comm_id))

    screen = kernel.run(
        "%%a3s\ncount", once(lambda screen: "partial answer" in screen.shown, cancel), answer=""
    )

    assert screen.reply["ename"] == "TurnCancelled"
    kernel.wait_for_status(clicks[0], "idle")  # running the cell passes over whatever comes earlier


def test_a_front_end_without_widgets_says_what_to_do(
    kernel: Kernel, model_server: ModelServer
) -> None:
    """It shows the plain text in place of the buttons."""
    model_server.script(says("hello"))

    screen = kernel.run("%%a3s\nhi", answer="")

    outputs = [m["content"]["data"] for m in screen.messages if m["msg_type"] == "display_data"]
    (live,) = (data for data in outputs if WIDGET in data)
    assert "A3S_UI=display" in live["text/plain"]
    assert "no widgets" not in str(static(screen)["text/plain"])


def test_cancel_is_there_before_the_first_byte(kernel: Kernel, model_server: ModelServer) -> None:
    model_server.script(says("late").slow_first_byte())
    cancel = once(
        lambda screen: model_server.waiting.is_set() and screen.button("Cancel"),
        press(kernel, "Cancel"),
    )

    screen = kernel.run("%%a3s\nhi", cancel, answer="")

    assert screen.reply["ename"] == "TurnCancelled"


def test_the_cell_is_said_to_be_busy_again_and_again(
    kernel: Kernel, model_server: ModelServer
) -> None:
    """Front ends show the last status, and that is `idle` as soon as they have asked anything else."""
    model_server.script(says("partial answer", wait()))

    def busy(screen: Screen) -> bool:
        states = [m["content"].get("execution_state") for m in screen.messages]
        return "partial answer" in screen.shown and states.count("busy") > 3

    screen = kernel.run("%%a3s\ncount", once(busy, press(kernel, "Cancel")), answer="")

    assert screen.reply["ename"] == "TurnCancelled"


@pytest.mark.versions
def test_stop_keeps_the_partial_answer(kernel: Kernel, model_server: ModelServer) -> None:
    model_server.script(says("partial answer", wait(), " never sent"), says("fine"))
    stop = once(
        lambda screen: "partial answer" in screen.shown,
        lambda _screen: kernel.manager.interrupt_kernel(),
    )

    screen = kernel.run("%%a3s\ncount", stop, answer="")

    assert screen.reply["ename"] == "TurnCancelled"
    assert "partial answer" in str(static(screen)["text/plain"])
    assert kernel.run("1 + 1").succeeded().outputs == [{"text/plain": "2"}]
    kernel.run("%%a3s\nhi", answer="").succeeded()


@pytest.mark.parametrize(
    ("label", "written"),
    [("Approve once", True), ("Approve for this session", True), ("Deny", False)],
)
def test_one_click_decides(
    kernel: Kernel, model_server: ModelServer, workspace: Path, label: str, written: bool
) -> None:
    model_server.script(calls("write", file_path="a.txt", content="x"), says("Well."))
    decide = once(lambda screen: screen.button(label), press(kernel, label))

    screen = kernel.run("%%a3s\nwrite", decide, answer="").succeeded()

    assert (workspace / "a.txt").exists() is written
    assert static(screen)
    kernel.wait_until_closed(screen)


def test_an_approval_for_the_session_is_remembered(
    kernel: Kernel, model_server: ModelServer, workspace: Path
) -> None:
    def write(name: str):  # type: ignore[no-untyped-def]  # a scripted reply
        return calls("write", file_path=name, content="x")

    model_server.script(write("a"), write("b"), says("Done."), write("c"), says("Done."))
    label = "Approve for this session"
    decide = once(lambda screen: screen.button(label), press(kernel, label))

    kernel.run("%%a3s\nwrite", decide, answer="").succeeded()
    kernel.run("%%a3s\nwrite again", answer="").succeeded()

    assert [(workspace / name).exists() for name in "abc"] == [True, True, True]


def test_a_file_that_steers_the_agent_is_asked_for_each_time(
    kernel: Kernel, model_server: ModelServer, workspace: Path
) -> None:
    model_server.script(calls("write", file_path="AGENTS.md", content="x"), says("Done."))
    seen: list[tuple[bool, str]] = []

    def decide(screen: Screen) -> None:
        offered = screen.button("Approve for this session") is not None
        seen.append((offered, str([state.get("value") for state in screen.widgets.values()])))
        press(kernel, "Approve once")(screen)

    screen = kernel.run(
        "%%a3s\nwrite", once(lambda screen: screen.button("Approve once"), decide), answer=""
    ).succeeded()

    ((offered, values),) = seen
    assert not offered
    assert "each change of it is asked for" in values
    assert (workspace / "AGENTS.md").exists()
    kernel.wait_until_closed(screen)


@pytest.mark.versions
@pytest.mark.parametrize("how", ["click", "Enter"])
def test_the_reason_of_a_denial_reaches_the_model(
    kernel: Kernel, model_server: ModelServer, how: str
) -> None:
    model_server.script(calls("bash", command="rm -rf /"), says("Sorry."))

    def deny(screen: Screen) -> None:
        (field,) = (c for c, s in screen.widgets.items() if s.get("_model_name") == "TextModel")
        kernel.type(field, "far too broad")
        if how == "Enter":
            kernel.say(field, {"method": "custom", "content": {"event": "submit"}})
        else:
            press(kernel, "Deny")(screen)

    screen = kernel.run(
        "%%a3s\nclean up", once(lambda screen: screen.button("Deny"), deny), answer=""
    ).succeeded()

    assert "far too broad" in model_server.requests[1]["messages"][-1]["content"]
    assert "denied: far too broad" in str(static(screen)["text/plain"])


@pytest.mark.versions
def test_stop_works_while_a_question_is_open(kernel: Kernel, model_server: ModelServer) -> None:
    model_server.script(calls("bash", command="echo hi"))
    stop = once(
        lambda screen: screen.button("Deny"), lambda _screen: kernel.manager.interrupt_kernel()
    )

    assert kernel.run("%%a3s\nhi", stop, answer="").reply["ename"] == "TurnCancelled"


def test_a_long_answer_is_sent_in_blocks(kernel: Kernel, model_server: ModelServer) -> None:
    """A repaint sends what is new and the block that grows, and never the answer so far again."""
    paragraphs = [f"{paragraph}\n\n" for paragraph in LONG.split("\n\n")]
    parts = ["".join(paragraphs[at : at + 6]) for at in range(0, 60, 6)]
    model_server.script(says(*(piece for part in parts for piece in (part, wait())), size=5))
    awaited = list(range(5, 60, 6))

    def go_on(screen: Screen, _message: Message) -> None:
        while awaited and f"Paragraph {awaited[0]}:" in screen.shown:
            del awaited[0]
            model_server.release()

    screen = kernel.run("%%a3s\nwrite a lot", go_on, answer="").succeeded()

    assert screen.record["text"] == "".join(parts)
    updates = [
        str(message["content"]) for message in screen.messages if "comm" in message["msg_type"]
    ]
    painted = [len(update) for update in updates if "Paragraph" in update]
    assert max(painted) < len(LONG) / 3


@pytest.mark.versions
def test_after_unloading_the_kernel_handles_its_own_messages(
    kernel: Kernel, model_server: ModelServer
) -> None:
    model_server.script(says("hi"))
    kernel.run("%%a3s\nhi", answer="").succeeded()
    kernel.run("%unload_ext a3s_magics").succeeded()
    kernel.run("import ipywidgets; b = ipywidgets.Button(); b.on_click(lambda _: print('pressed'))")
    (comm_id,) = (kernel.run("b.comm.comm_id").outputs[0]["text/plain"].strip("'"),)

    kernel.click(comm_id)
    seen = ""
    while "pressed" not in seen:
        message = kernel.client.get_iopub_msg(timeout=DEADLINE_S)
        seen += str(message["content"].get("text", ""))

    threads = "import threading; [t.name for t in threading.enumerate() if 'a3s-ui' in t.name]"
    assert kernel.run(threads).outputs == [{"text/plain": "[]"}]


# -- the other painters ----------------------------------------------------------------------------


def test_plain_outputs_are_updated_and_end_as_one(
    start_kernel: StartKernel, model_server: ModelServer
) -> None:
    kernel = start_kernel(A3S_UI="display")
    model_server.script(says(LONG, wait(), " The end."))

    def release(_screen: Screen) -> None:
        model_server.release()

    half = once(lambda screen: "Paragraph 59" in str(screen.outputs), release)
    screen = kernel.run("%%a3s\nwrite a lot", half).succeeded()

    assert not screen.widgets
    assert 1 < len(screen.outputs) <= 50
    first, *rest = screen.outputs
    assert LONG in first["text/plain"]
    assert first[RECORD]["text"] == LONG + " The end."
    assert all(output == {"text/markdown": "", "text/plain": ""} for output in rest)


def test_a_person_at_the_keyboard_is_asked(
    start_kernel: StartKernel, model_server: ModelServer, workspace: Path
) -> None:
    kernel = start_kernel(A3S_UI="display")
    write = calls("write", file_path="a.txt", content="x")
    model_server.script(write, says("Done."), write, says("No."))

    kernel.run("%%a3s\nwrite", answer="y").succeeded()
    assert (workspace / "a.txt").exists()
    kernel.run("%%a3s\nwrite", answer="rather not")
    assert "rather not" in model_server.requests[3]["messages"][-1]["content"]


def test_without_a_front_end_there_is_one_output_and_no_question(
    start_kernel: StartKernel, model_server: ModelServer
) -> None:
    kernel = start_kernel()
    model_server.script(calls("bash", command="echo hi"), says("Could not."))

    screen = kernel.run("%%a3s\nhi").succeeded()

    assert "nobody can be asked" in str(static(screen)["text/markdown"])
    assert not screen.widgets
    assert [m["msg_type"] for m in screen.messages].count("update_display_data") == 0


def test_the_terminal_painter_prints(start_kernel: StartKernel, model_server: ModelServer) -> None:
    kernel = start_kernel(A3S_UI="terminal")
    model_server.script(calls("read", file_path="agent.hcl"), says("All \x1b[31mgood."))

    screen = kernel.run("%%a3s\nlook").succeeded()

    assert "read agent.hcl" in screen.streams
    assert "All good.\n[done" in screen.streams
    assert screen.record["outcome"] == "done"


def test_a_notebook_has_a_session_of_its_own(start_kernel: StartKernel, workspace: Path) -> None:
    notebook = workspace / "sub" / "n.ipynb"
    notebook.parent.mkdir()
    notebook.write_text("{}")
    (workspace / "sub" / "agent.hcl").write_text((workspace / "agent.hcl").read_text())
    told = [
        start_kernel(JPY_SESSION_NAME=str(notebook)).run("%a3s status").streams for _ in range(2)
    ]

    assert told[0] == told[1]
    assert f"workspace      {notebook.parent}" in told[0]


@pytest.mark.parametrize("ui", ["widgets", "display"])
def test_hostile_words_reach_the_front_end_as_words(
    start_kernel: StartKernel, workspace: Path, model_server: ModelServer, ui: str
) -> None:
    """In the answer, the thinking, a tool's arguments and its output, live and in what stays."""
    text = "\n\n".join(HOSTILE)
    (workspace / "evil.txt").write_text(text, "utf-8")
    model_server.script(
        turn(says("", thinking=text), says(text), calls("read", file_path="evil.txt")),
        turn(calls("grep", pattern="<img src=x onerror=alert(1)>")),
        says(text),
    )
    live: list[str] = []

    def watch(screen: Screen, _message: object) -> None:
        live.extend(
            str(state["value"])
            for state in screen.widgets.values()
            if state.get("_model_name") in ("HTMLModel", "HTMLMathModel")
        )

    kernel = start_kernel(A3S_UI=ui)
    screen = kernel.run("%%a3s\nread", watch, answer="").succeeded()

    shown = [html for html in dict.fromkeys(live) if not html.startswith("<style>")]
    stays = [str(output.get("text/markdown", "")) for output in screen.outputs]
    shown += [str(RENDERERS["commonmark"](markdown)) for markdown in stays]
    assert any("onerror" in html for html in shown)
    allowed = {"details", "summary", "sub", "samp", "b", "progress", "p"}
    found = {problem for html in shown for problem in problems_of(html)}
    assert found - allowed - {"span style"} == set()
