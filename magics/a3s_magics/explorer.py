"""`%a3s explore`: call a tool from a form, see the result, and copy the line that does the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import ipywidgets
from IPython.core.error import UsageError

from a3s_code import A3SError, Session, ToolResult
from a3s_magics.cards import card_html
from a3s_magics.form import Form, MissingValue
from a3s_magics.images.in_cards import reduced
from a3s_magics.markdown_html import markdown_html
from a3s_magics.notebook_names import PYTHON
from a3s_magics.options import one_line
from a3s_magics.painters.closing import close_tree
from a3s_magics.painters.style import STYLE
from a3s_magics.record import without_keys
from a3s_magics.tool_lines import ToolCaller
from a3s_magics.tool_parser import shown_line
from a3s_magics.tool_schema import parameters_of
from a3s_magics.transcript import ToolCall

_NO_LINE = "(no single line can hold these values)"
_STYLE = """\
<style>
.a3s-explorer { max-width: 60em; }
.a3s-explorer .a3s-about { color: var(--jp-ui-font-color2, #757575); margin: -4px 0 2px 125px;
  font-size: var(--jp-ui-font-size0, 11px); height: auto; white-space: normal; }
.a3s-explorer input, .a3s-explorer textarea { font-family: var(--jp-code-font-family, monospace); }
</style>"""


class Explorer:
    """The form of one tool at a time. `session` is asked anew after a reset; `call` makes the calls.

    Clicks are handled like those of any ipywidget: between cells, in the kernel's main thread.
    """

    def __init__(self, session: Callable[[], Session], tool: str, call: ToolCaller) -> None:
        self._call_tool = call
        self._definitions = {str(d["name"]): d for d in session().tool_definitions()}
        if tool and tool not in self._definitions:
            raise UsageError(f"%a3s explore: there is no tool {tool!r}; %a3s tools lists them")
        first = tool or next(iter(self._definitions))
        self._form: Form | None = None
        wide = {"layout": {"width": "98%"}, "style": {"description_width": "9em"}}
        self._choice = ipywidgets.Dropdown(
            options=list(self._definitions), value=first, description="Tool", **wide
        )
        self._about = ipywidgets.HTML()
        self._fields = ipywidgets.VBox()
        self._run = ipywidgets.Button(
            description="Run", button_style="primary", icon="play", tooltip="Call the tool"
        )
        self._line = ipywidgets.Text(description="Magic", **wide)
        self._python = ipywidgets.Textarea(description="Python", rows=2, **wide)
        self._result = ipywidgets.HTML()
        self._choice.observe(lambda _change: self._show_tool(), names="value")
        self._run.on_click(lambda _button: self._call())
        self.widget = ipywidgets.VBox(
            [
                ipywidgets.HTML(STYLE + _STYLE),
                self._choice,
                self._about,
                self._fields,
                self._run,
                self._result,
                self._line,
                self._python,
            ]
        )
        self.widget.add_class("a3s-view")
        self.widget.add_class("a3s-explorer")
        self._show_tool()

    def bundle(self) -> dict[str, Any]:
        """The cell's output. A form cannot be saved, so its text is for a notebook without kernel."""
        text = f"The form for the tool {self.tool}: run this cell to use it."
        return {**self.widget._repr_mimebundle_(), "text/plain": text}

    @property
    def tool(self) -> str:
        """The tool on screen."""
        return str(self._choice.value)

    def _show_tool(self) -> None:
        definition = self._definitions[self.tool]
        former, self._form = self._form, self._new_form(definition)
        self._about.value = markdown_html(str(definition.get("description", "")))
        self._fields.children = (self._form.widget,)
        if former is not None:
            close_tree(former.widget)
        self._clear()
        self._show_calls()

    def _new_form(self, definition: Mapping[str, Any]) -> Form:
        schema = definition.get("parameters")
        examples = schema.get("examples") if isinstance(schema, Mapping) else None
        example = examples[0] if isinstance(examples, list) and examples else None
        return Form(
            parameters_of(definition),
            self._show_calls,
            example if isinstance(example, Mapping) else None,
        )

    def _show_calls(self) -> None:
        """What makes the same call: the magic line and the Python expression."""
        assert self._form is not None
        try:
            args = self._form.arguments()
        except MissingValue:
            self._line.value = self._python.value = ""
            return
        parameters = parameters_of(self._definitions[self.tool])
        self._line.value = shown_line(self.tool, parameters, args) or _NO_LINE
        self._python.value = python_call(self.tool, args)

    def _call(self) -> None:
        assert self._form is not None
        self._clear()
        try:
            args = self._form.arguments()
        except MissingValue as error:
            self._complain(str(error))
            return
        self._run.disabled, began = True, time.monotonic()
        self._result.value = '<div class="a3s-status" role="status">runs …</div>'
        try:
            result = self._call_tool(self.tool, args)
        except A3SError as error:
            self._complain(str(error))
        except KeyboardInterrupt:
            self._complain("stopped")
        else:
            self._show_result(args, result, round((time.monotonic() - began) * 1000))
        finally:
            self._run.disabled = False

    def _show_result(self, args: Mapping[str, Any], result: ToolResult, duration_ms: int) -> None:
        call = ToolCall(
            tool_id="explorer",
            name=result.name,
            state="done",
            args=args,
            result=result.output,
            exit_code=result.exit_code,
            duration_ms=duration_ms,
            metadata=result.metadata,
            images=tuple(filter(None, map(reduced, result.images))),
        )
        self._result.value = f'<div role="status" aria-live="polite">{card_html(call)}</div>'

    def _complain(self, problem: str) -> None:
        line = escape(without_keys(one_line(problem)))
        self._result.value = f'<div class="a3s-card a3s-error" role="alert">{line}</div>'

    def _clear(self) -> None:
        self._result.value = ""


def python_call(tool: str, args: Mapping[str, Any]) -> str:
    """The call in Python, for a cell of this notebook; for `python` that is the code itself."""
    if tool == PYTHON:
        return str(args["code"])
    return (
        f"from a3s_magics import current_session\ncurrent_session().tool({tool!r}, {dict(args)!r})"
    )
