"""The tool explorer: a form from the schema, Run, the result, and the call to copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
from IPython.core.interactiveshell import InteractiveShell

from a3s_magics.explorer import Explorer
from a3s_magics.form import Field, MissingValue
from a3s_magics.tool_schema import Parameter
from tests.deadlines import DEADLINE_S
from tests.magics.conftest import StartKernel
from tests.magics.kernel import WIDGET, Kernel, Screen
from tests.magics.test_attach import png
from tests.magics.test_shell import complaint


@pytest.fixture
def explorer(loaded: InteractiveShell) -> Iterator[Explorer]:
    """An explorer of the shell's session."""
    session = loaded.magics_manager.registry["A3SMagics"].session
    made = Explorer(session, "grep", lambda tool, args: session().tool(tool, args))
    yield made
    made.widget.close()


def part(explorer: Explorer, description: str) -> Any:
    """The field or button with this description."""

    def all_below(widget: Any) -> Iterator[Any]:
        yield widget
        for child in getattr(widget, "children", ()):
            yield from all_below(child)

    (found,) = [
        w for w in all_below(explorer.widget) if getattr(w, "description", "") == description
    ]
    return found


def result(explorer: Explorer) -> str:
    """The HTML of the result."""
    return str(explorer._result.value)


def test_a_form_calls_the_tool_and_shows_how_to_repeat_it(
    explorer: Explorer, workspace: Path, loaded: Any
) -> None:
    (workspace / "a.txt").write_text("One <b>\ntwo\n")
    part(explorer, "pattern *").value = "one"
    part(explorer, "-i").value = True
    part(explorer, "context").value = "1"
    part(explorer, "Run").click()

    assert 'role="status"' in result(explorer)
    assert "a.txt:1:One &lt;b&gt;" in result(explorer)
    line, python = part(explorer, "Magic").value, part(explorer, "Python").value
    assert line == "%a3s_grep --context=1 -i one"
    assert loaded.run_cell(line).result[0].line == 1
    assert "a.txt:1:One <b>" in loaded.run_cell(python).result.output


def test_what_is_missing_or_wrong_is_said_in_place(explorer: Explorer) -> None:
    part(explorer, "Run").click()
    assert "pattern is missing" in result(explorer)
    part(explorer, "pattern *").value = "x"
    part(explorer, "context").value = "many <i>"
    part(explorer, "Run").click()

    assert 'role="alert"' in result(explorer)
    assert "&#x27;many &lt;i&gt;&#x27; is not a whole number" in result(explorer)
    assert part(explorer, "Magic").value == ""
    assert part(explorer, "Run").disabled is False


@pytest.mark.parametrize(
    ("tool", "field"),
    [("bash", "command"), ("patch", "diff"), ("edit", "old_string"), ("task", "prompt")],
)
def test_a_long_field_that_is_needed_is_not_left_empty(
    explorer: Explorer, tool: str, field: str
) -> None:
    part(explorer, "Tool").value = tool
    for other in explorer._form.fields if explorer._form else []:
        if other.name != field and other.input.description.endswith(" *"):
            other.input.value = "x"
    part(explorer, "Run").click()

    assert f"{field} is missing" in result(explorer)
    assert part(explorer, "Magic").value == ""


def test_another_tool_gets_another_form(explorer: Explorer, workspace: Path) -> None:
    part(explorer, "Tool").value = "batch"
    field = part(explorer, "invocations *")
    assert isinstance(field, ipywidgets.Textarea)
    assert "for example" in field.placeholder
    field.value = '[{"tool": "write", "args": {"file_path": "a.txt", "content": "x"}}]'
    part(explorer, "Run").click()

    assert (workspace / "a.txt").read_text() == "x"
    part(explorer, "Tool").value = "read"
    part(explorer, "file_path *").value = "gone.txt"
    part(explorer, "Run").click()
    assert "a3s-failed" in result(explorer)


def test_an_image_that_a_tool_gives_is_shown(explorer: Explorer, workspace: Path) -> None:
    (workspace / "a.png").write_bytes(png("red"))
    part(explorer, "Tool").value = "read"
    part(explorer, "file_path *").value = "a.png"
    part(explorer, "Run").click()

    assert '<img class="a3s-image" alt="image of read" src="data:image/png;base64,' in result(
        explorer
    )


@pytest.mark.parametrize(
    ("parameter", "typed", "expected"),
    [
        (Parameter("a", "text"), "", None),
        (Parameter("a", "text"), "x", "x"),
        (Parameter("content", "text", required=True), "", ""),
        (Parameter("a", "integer"), "3", 3),
        (Parameter("a", "json"), "[1]", [1]),
        (Parameter("a", "any"), "x", "x"),
        (Parameter("a", "boolean"), False, None),
        (Parameter("a", "boolean", default=True), False, False),
        (Parameter("a", "boolean", required=True), False, False),
        (Parameter("a", "text", choices=("p", "q")), None, None),
        (Parameter("a", "text", choices=("p", "q"), required=True), "q", "q"),
    ],
)
def test_fields_give_values(parameter: Parameter, typed: Any, expected: Any) -> None:
    field = Field(parameter)
    field.input.value = typed

    assert field.value() == expected


@pytest.mark.parametrize("kind", ["text", "integer", "json", "any"])
def test_a_required_value_is_asked_for(kind: Any) -> None:
    with pytest.raises(MissingValue, match="a is missing"):
        Field(Parameter("a", kind, required=True)).value()


def test_without_a_notebook_there_is_no_form(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "needs a notebook" in complaint(loaded, "%a3s explore grep", capsys)


# -- in a kernel -----------------------------------------------------------------------------------


def settle(kernel: Kernel, screen: Screen) -> None:
    """Take messages until the kernel is idle again."""
    while True:
        message = kernel.client.get_iopub_msg(timeout=DEADLINE_S)
        screen.take(message)
        if message["content"].get("execution_state") == "idle":
            return


@pytest.mark.kernel
def test_the_form_works_after_its_cell_has_finished(
    start_kernel: StartKernel, workspace: Path
) -> None:
    (workspace / "a.txt").write_text("some words\n")
    kernel = start_kernel()
    screen = kernel.run("%a3s explore read").succeeded()
    (output,) = screen.outputs
    assert WIDGET in output
    assert output["text/plain"] == "The form for the tool read: run this cell to use it."
    (field,) = [
        comm_id
        for comm_id, state in screen.widgets.items()
        if state.get("description") == "file_path *"
    ]
    run = screen.button("Run")
    assert run is not None

    kernel.type(field, "a.txt")
    settle(kernel, screen)
    kernel.click(run)
    settle(kernel, screen)

    assert "some words" in screen.shown
    assert "%a3s_read a.txt" in screen.shown
    assert kernel.run("%a3s explore gone").reply["ename"] == "UsageError"
