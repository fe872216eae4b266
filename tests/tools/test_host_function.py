"""Python functions as tools."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from a3s_code.errors import InvalidArgument
from a3s_code.messages import Attachment
from a3s_code.tools.docstring import parameter_texts, summary
from a3s_code.tools.host_function import function_tool
from a3s_code.tools.protocol import ToolContext, ToolOutput
from a3s_code.tools.run import run_tool
from tests.tools.bench import Bench

PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452")


ENDLESS: list[Any] = []
ENDLESS.append(ENDLESS)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Point:
    x: int
    y: int = 0


class Table:
    """Shows itself as a data frame does."""

    def __str__(self) -> str:
        return "   a\n0  1"


class Picture:
    """Shows itself as an image of Pillow does."""

    def _repr_png_(self) -> bytes:
        return PNG


def paint(
    what: str,
    times: int = 1,
    colour: Colour = Colour.RED,
    mode: Literal["fast", "slow"] = "fast",
    layers: list[float] | None = None,
    notes: dict[str, str] | None = None,
    size: Annotated[int | str, ["unhashable"], "In pixels."] = 1,
    flag: bool = False,
    anything: Any = None,
) -> str:
    """Paint a thing,
    on one or more layers.

    Slow.

    Args:
        what: The thing
            to paint.
        times (int): How often.

    Returns:
        what: was painted
    """
    return f"{what} {times}"


def test_the_schema_comes_from_signature_and_docstring() -> None:
    tool = function_tool(paint)
    assert (tool.name, tool.read_only) == ("paint", False)
    assert tool.description == "Paint a thing, on one or more layers.\nSlow."
    assert tool.parameters == {
        "type": "object",
        "properties": {
            "what": {"type": "string", "description": "The thing to paint."},
            "times": {"type": "integer", "description": "How often."},
            "colour": {"type": "string", "enum": ["red", "blue"]},
            "mode": {"type": "string", "enum": ["fast", "slow"]},
            "layers": {"type": ["array", "null"], "items": {"type": "number"}},
            "notes": {"type": ["object", "null"], "additionalProperties": {"type": "string"}},
            "size": {"type": ["integer", "string"], "description": "In pixels."},
            "flag": {"type": "boolean"},
            "anything": {},
        },
        "required": ["what"],
        "additionalProperties": False,
    }


def _call(bench: Bench, function: Any, **args: Any) -> ToolOutput:
    return asyncio.run(run_tool(function_tool(function, name="f"), args, bench.ctx))


def test_a_function_runs_in_a_worker_thread(bench: Bench) -> None:
    def where() -> str:
        return str(threading.current_thread() is threading.main_thread())

    assert _call(bench, where).text == "False"


def test_a_coroutine_function_runs_on_the_loop(bench: Bench) -> None:
    async def add(a: int, b: float = 0.5) -> float:
        await asyncio.sleep(0)
        return a + b

    assert _call(bench, add, a=1).text == "1.5"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("é", "é"),
        (None, ""),
        ({"a": [1, True]}, '{"a": [1, true]}'),
        (Point(1, 2), '{"x": 1, "y": 2}'),
        ([Point(1)], '[{"x": 1, "y": 0}]'),
        (Table(), "   a\n0  1"),
        (b"raw", "b'raw'"),
        ({("a", 1): 2}, "{('a', 1): 2}"),
        (ENDLESS, "[[...]]"),
        ([Colour.RED], '["Colour.RED"]'),
        (ToolOutput("own", 4), "own"),
    ],
)
def test_results_become_text(bench: Bench, value: Any, text: str) -> None:
    def give() -> Any:
        return value

    assert _call(bench, give).text == text


@pytest.mark.parametrize("value", [Attachment(PNG, "image/png"), Picture(), PNG])
def test_images_are_returned_as_images(bench: Bench, value: Any) -> None:
    image = Attachment(PNG, "image/png")
    assert _call(bench, lambda: value) == ToolOutput("", images=(image,))
    assert _call(bench, lambda: ["before", value, {"n": 1}]) == ToolOutput(
        'before\n{"n": 1}', images=(image,)
    )


def test_enums_and_dataclasses_arrive_as_such(bench: Bench) -> None:
    def f(
        colours: list[Colour],
        points: dict[str, Point],
        pair: tuple[int, ...],
        one: Point | str | None = None,
        other: Annotated[Colour | None, "Any."] = None,
    ) -> str:
        """Tell."""
        return repr((colours, points, pair, one, other))

    args: dict[str, Any] = {
        "colours": ["red"],
        "points": {"a": {"x": 1}},
        "pair": [1, 2],
        "other": "blue",
    }
    parts = "[<Colour.RED: 'red'>], {'a': Point(x=1, y=0)}, (1, 2)"
    assert _call(bench, f, **args, one={"x": 3, "y": 4}).text == (
        f"({parts}, Point(x=3, y=4), <Colour.BLUE: 'blue'>)"
    )
    assert _call(bench, f, **args, one="text").text.startswith(f"({parts}, 'text', ")
    assert function_tool(f).parameters["properties"]["points"]["additionalProperties"] == {
        "type": "object",
        "properties": {"x": {"type": "integer"}, "y": {"type": "integer"}},
        "required": ["x"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("point", "problem"),
    [
        ({}, "needs 'x'"),
        ({"x": 1, "z": 2}, "has no 'z'"),
        ([], "must be an object"),
        (1, "must be an object"),
    ],
)
def test_a_dataclass_that_cannot_be_made(bench: Bench, point: Any, problem: str) -> None:
    def f(points: list[Point]) -> None:
        raise AssertionError

    assert _call(bench, f, points=[point]).text == f"points parameter: {problem}"


def test_wrong_and_missing_arguments_do_not_reach_the_function(bench: Bench) -> None:
    def f(n: int) -> int:
        raise AssertionError

    assert _call(bench, f).text == "n parameter is required"
    assert _call(bench, f, n="1").text == "n parameter must be an integer"


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("numbers", [1, "b"], "must be an integer"),
        ("numbers", [True], "must be an integer"),
        ("numbers", [1.5], "must be an integer"),
        ("numbers", [None], "must be an integer"),
        ("by_name", {"a": ["x"]}, "must be a number"),
        ("by_name", {"a": None}, "must be an array"),
        ("choice", "some", "must be an integer or must be one of all, none"),
        ("choice", [], "must be an integer or must be one of all, none"),
        ("point", {"x": "1"}, "must be an integer"),
        ("texts", [1], "must be a string"),
        ("flags", [1], "must be true or false"),
        ("anything", [1], "must be an object"),
    ],
)
def test_wrong_values_inside_of_others_do_not_reach_the_function(
    bench: Bench, name: str, value: Any, problem: str
) -> None:
    def f(
        numbers: list[int] | None = None,
        by_name: dict[str, list[float]] | None = None,
        choice: int | Literal["all", "none"] = 1,
        point: Point | None = None,
        texts: list[str | None] | None = None,
        flags: tuple[bool, ...] = (),
        anything: list[dict] | None = None,  # type: ignore[type-arg]  # as users write it
    ) -> None:
        raise AssertionError

    output = _call(bench, f, **{name: value})
    assert output.exit_code == 1
    assert output.text in (f"{name} parameter: {problem}", f"{name} parameter {problem}")


def test_values_inside_of_others_are_what_they_are_said_to_be(bench: Bench) -> None:
    def f(numbers: list[int], mixed: list[float | str | None], file: Path, rest: list[Any]) -> str:
        return repr((numbers, mixed, file.name, rest))

    args = {"numbers": [1, 2.0], "mixed": [1.5, "a", None], "file": "a/b", "rest": [{}, 1]}
    assert _call(bench, f, **args).text == "([1, 2], [1.5, 'a', None], 'b', [{}, 1])"
    assert function_tool(f).parameters["properties"]["file"] == {"type": "string"}


def test_what_the_function_raises_is_told_to_the_model(bench: Bench) -> None:
    def f() -> None:
        raise KeyError("gone")

    output = _call(bench, f)
    assert (output.text, output.exit_code) == ("Tool execution error: 'gone'", 1)


def test_bound_methods_partials_and_callables(bench: Bench) -> None:
    class Counter:
        def add(self, n: int) -> int:
            return n + 1

        def __call__(self, n: int) -> int:
            return n + 2

    assert _call(bench, Counter().add, n=1).text == "2"
    assert _call(bench, Counter(), n=1).text == "3"
    assert _call(bench, functools.partial(paint, times=3), what="x").text == "x 3"


def _untyped(x):  # type: ignore[no-untyped-def]  # that is the point
    return x


def _variadic(*values: int) -> None: ...


def _complex(x: complex) -> None: ...


@pytest.mark.parametrize("function", [_untyped, _variadic, _complex])
def test_unusable_parameters_are_named(function: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"parameter '(x|values)'"):
        function_tool(function)


def _generator() -> Iterator[int]:
    yield 1


async def _async_generator() -> AsyncIterator[int]:
    yield 1


def _unreadable_hint(x: "no type") -> None: ...  # type: ignore[valid-type]  # on purpose


@pytest.mark.parametrize("function", [_generator, _async_generator, _unreadable_hint, max])
def test_functions_that_cannot_be_tools_are_named(function: Any) -> None:
    with pytest.raises(InvalidArgument, match=function.__name__):
        function_tool(function)


def test_a_lambda_needs_a_name() -> None:
    with pytest.raises(InvalidArgument, match="<lambda>"):
        function_tool(lambda: 1)
    assert function_tool(lambda: 1, name="one", read_only=True).read_only


def test_docstrings_in_the_style_of_numpy_and_sphinx() -> None:
    numpy = """Sum.

    Parameters
    ----------
    x : int
        The x value
        continues.
    y
        The y.

    Returns
    -------
    x : float
    """
    assert parameter_texts(numpy, ["x", "y"]) == {"x": "The x value continues.", "y": "The y."}
    assert summary(numpy) == "Sum."
    sphinx = "Sum.\n\n:param x: the x\n    more\n:param int y: the y\n:return: x"
    assert parameter_texts(sphinx, ["x", "y"]) == {"x": "the x more", "y": "the y"}
    assert summary(sphinx) == "Sum."


@pytest.mark.parametrize("error", [SystemExit(3), StopIteration(), KeyboardInterrupt()])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_function_cannot_end_the_runtime(
    bench: Bench, error: BaseException, asynchronous: bool
) -> None:
    def leave() -> str:
        """Leave."""
        raise error

    async def leave_later() -> str:
        """Leave."""
        raise error

    output = _call(bench, leave_later if asynchronous else leave)
    assert output.exit_code == 1
    assert "Tool execution error" in output.text


def test_a_context_is_given_and_is_no_parameter(bench: Bench) -> None:
    def count(to: int, ctx: ToolContext) -> str:
        """Count.

        Args:
            to: the end
        """
        ctx.progress(f"up to {to}")
        return "counted"

    tool = function_tool(count)

    assert list(tool.parameters["properties"]) == ["to"]
    assert asyncio.run(tool.run({"to": 3}, bench.ctx)).text == "counted"
    assert bench.progress == ["up to 3"]
