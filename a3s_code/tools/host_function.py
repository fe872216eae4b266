"""A typed Python function as a tool."""

from __future__ import annotations

import functools
import inspect
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from a3s_code import checks
from a3s_code.errors import InvalidArgument, ToolFailed
from a3s_code.tools.docstring import parameter_texts, summary
from a3s_code.tools.foreign import call_foreign
from a3s_code.tools.host_result import output_of
from a3s_code.tools.json_schema import NoSchema, schema_of
from a3s_code.tools.protocol import Tool, ToolContext, ToolOutput
from a3s_code.tools.typed_values import WrongValue, typed

# What every provider accepts as the name of a tool.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class HostFunction:
    """A function of the host program; see `function_tool`. `context` is what it calls the context."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    read_only: bool
    function: Callable[..., Any]
    context: str | None = None
    hints: Mapping[str, Any] = field(default_factory=dict, repr=False)

    async def run(self, args: Mapping[str, Any], ctx: ToolContext) -> ToolOutput:
        """Call it: a coroutine function on the loop, any other in a thread of its own.

        A thread cannot be ended from outside: when the call is cancelled its result is dropped.
        """
        told = {} if self.context is None else {self.context: ctx}
        values = {name: self._typed(name, value) for name, value in args.items()}
        return output_of(await call_foreign(functools.partial(self.function, **values, **told)))

    def _typed(self, name: str, value: Any) -> Any:
        try:
            return typed(self.hints[name], value)
        except WrongValue as error:
            raise ToolFailed(f"{name} parameter: {error}") from None


def function_tool(
    function: Callable[..., Any], name: str | None = None, read_only: bool = False
) -> Tool:
    """A tool that calls `function` with keyword arguments.

    The schema comes from the type hints and the docstring; parameters with a default are optional.
    One of the type `ToolContext` is no parameter of the tool: it gets the call's context, with which
    the function reports what it does while it runs.
    Enums and dataclasses arrive as such. What is returned becomes text or images as `output_of` says.
    Raises `InvalidArgument` when the name cannot be a tool's or a parameter has no usable type.
    """
    checks.function("function", function)
    if name is None:
        name = str(getattr(function, "__name__", type(function).__name__))
    if not _NAME.fullmatch(checks.text("name", name)):
        raise InvalidArgument(f"{name!r} cannot be the name of a tool; give another with name=")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise InvalidArgument(f"{name!r} is a generator; a tool returns its whole result")
    docstring = inspect.getdoc(function)
    signature, hints = _signature(function, name), _hints(function, name)
    context = next((each for each in signature.parameters if hints.get(each) is ToolContext), None)
    own = [each for each in signature.parameters.values() if each.name != context]
    parameters = _schema(own, hints, name, docstring)
    description = summary(docstring) or name
    return HostFunction(name, description, parameters, read_only, function, context, hints)


def _signature(function: Callable[..., Any], name: str) -> inspect.Signature:
    try:
        return inspect.signature(function)
    except ValueError:  # some functions that are written in C
        raise InvalidArgument(f"{name!r} does not tell its parameters") from None


def _schema(
    own: Sequence[inspect.Parameter], hints: Mapping[str, Any], name: str, docstring: str | None
) -> dict[str, Any]:
    texts = parameter_texts(docstring, [parameter.name for parameter in own])
    properties: dict[str, Any] = {}
    required = []
    for parameter in own:
        schema = _parameter_schema(parameter, hints, name)
        if parameter.name in texts:
            schema.setdefault("description", texts[parameter.name])
        properties[parameter.name] = schema
        if parameter.default is parameter.empty:
            required.append(parameter.name)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _parameter_schema(
    parameter: inspect.Parameter, hints: Mapping[str, Any], name: str
) -> dict[str, Any]:
    where = f"parameter {parameter.name!r} of {name!r}"
    if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
        raise InvalidArgument(f"{where} cannot be given by name")
    if parameter.name not in hints:
        raise InvalidArgument(f"{where} has no type hint")
    try:
        return schema_of(hints[parameter.name])
    except NoSchema as error:
        raise InvalidArgument(f"{where} has type {error}, which JSON does not have") from None


def _hints(function: Callable[..., Any], name: str) -> dict[str, Any]:
    target: Any = function
    while isinstance(target, functools.partial):
        target = target.func
    if not inspect.isroutine(target):
        target = type(target).__call__
    try:
        return typing.get_type_hints(target, include_extras=True)
    except NameError as error:
        raise InvalidArgument(f"a type hint of {name!r} is not defined: {error.name}") from None
    except (SyntaxError, TypeError, AttributeError) as error:
        raise InvalidArgument(f"a type hint of {name!r} cannot be read: {error}") from None
