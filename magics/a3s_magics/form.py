"""A form for the parameters of a tool: one field each, the values as arguments of a call."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets

from a3s_magics.options import one_line
from a3s_magics.sanitise import without_controls
from a3s_magics.tool_schema import Parameter

# Parameters that may hold more than a line in the tools that everybody has.
_LONG = frozenset({"content", "command", "diff", "new_string", "old_string", "prompt", "text"})
# Texts that are meant also when they are empty: an empty file, words that are taken out.
_MAY_BE_EMPTY = frozenset({"content", "new_string"})
_NOT_SET = "(not set)"


class MissingValue(ValueError):
    """A field that must be filled in, or whose value is none; the message names it."""


class Field:
    """One parameter on screen. A field left as it was is left out of the call if it may be.

    Numbers are typed as text, because a number field of ipywidgets cannot be empty.
    """

    def __init__(self, parameter: Parameter, example: Any = None) -> None:
        self._parameter = parameter
        self._initial = self._first_value()
        self.input = self._make(example)
        self.input.add_class("a3s-field")
        name = without_controls(one_line(parameter.name))
        mark = " *" if parameter.required else ""
        self.input.description, self.input.tooltip = f"{name}{mark}", parameter.description
        about = ipywidgets.Label(without_controls(one_line(parameter.description)))
        about.add_class("a3s-about")
        self.widget = ipywidgets.VBox([self.input, about])

    @property
    def name(self) -> str:
        """The parameter's name."""
        return self._parameter.name

    def value(self) -> Any:
        """The value, None when it is left out. Raises `MissingValue`."""
        given, parameter = self.input.value, self._parameter
        if not parameter.required and given == self._initial:
            return None
        if given == "" and not (parameter.kind == "text" and parameter.name in _MAY_BE_EMPTY):
            raise MissingValue(f"{parameter.name} is missing")
        if not isinstance(given, str) or parameter.choices:
            return given
        try:
            return parameter.value_of(given)
        except ValueError as error:
            raise MissingValue(f"{parameter.name}: {error}") from None

    def _first_value(self) -> Any:
        if self._parameter.kind == "boolean":
            return self._parameter.default is True
        return None if self._parameter.choices else ""

    def _make(self, example: Any) -> Any:
        parameter = self._parameter
        wide = {"layout": {"width": "98%"}, "style": {"description_width": "9em"}}
        if parameter.choices:
            pairs = [(str(choice), choice) for choice in parameter.choices]
            options = [*([] if parameter.required else [(_NOT_SET, None)]), *pairs]
            return ipywidgets.Dropdown(options=options, value=options[0][1], **wide)
        if parameter.kind == "boolean":
            return ipywidgets.Checkbox(value=self._initial, indent=True, **wide)
        hint = "" if example is None else f"for example {_shown(example)}"
        if parameter.kind in ("json", "any"):
            return ipywidgets.Textarea(placeholder=hint or "JSON", rows=4, **wide)
        if parameter.name in _LONG:
            return ipywidgets.Textarea(placeholder=hint, rows=3, **wide)
        return ipywidgets.Text(placeholder=hint or parameter.kind, **wide)


class Form:
    """The fields of a tool. `changed` is called after every change of any of them."""

    def __init__(
        self,
        parameters: list[Parameter],
        changed: Callable[[], None],
        example: Mapping[str, Any] | None = None,
    ) -> None:
        known = example or {}
        self.fields = [Field(parameter, known.get(parameter.name)) for parameter in parameters]
        for field in self.fields:
            field.input.observe(lambda _change: changed(), names="value")
        self.widget = ipywidgets.VBox([field.widget for field in self.fields])

    def arguments(self) -> dict[str, Any]:
        """The arguments as they are filled in. Raises `MissingValue`."""
        values = {field.name: field.value() for field in self.fields}
        return {name: value for name, value in values.items() if value is not None}


def _shown(example: Any) -> str:
    text = example if isinstance(example, str) else json.dumps(example, ensure_ascii=False)
    return without_controls(one_line(text))
