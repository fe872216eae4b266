"""What a variable is, told without its values: type, shape, columns, missing values.

Data frames and arrays are recognised by what they are, never by importing a library. Their values
are the user's; nothing here shows one.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Sized
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from a3s_magics.counted import counted
from a3s_magics.record import without_keys

MAX_COLUMNS = 200
MAX_COUNTED_CELLS = 50_000_000  # above that, counting missing values would take seconds
_REPR_CHARS = 300


def is_table(value: Any) -> bool:
    """Whether the value is a data frame (pandas, polars) or an Arrow table."""
    return _reader(value) is not None


def outline(value: Any) -> str:
    """Type, shape and, for a table, a line for each column; no values."""
    read = _reader(value)
    if read is not None:
        return read(value)
    kind = type_name(value)
    if _is_a(value, "pandas", "Series"):
        nulls = _nulls(lambda: int(value.isna().sum()), len(value))
        return f"{kind}, {counted(len(value), 'row')}, {value.dtype}{nulls}"
    if _is_a(value, "polars", "Series"):
        nulls = _nulls(value.null_count, len(value))
        return f"{kind}, {counted(len(value), 'row')}, {value.dtype}{nulls}"
    if isinstance(value, ModuleType):
        return f"module {value.__name__}"
    if isinstance(value, type):
        return f"class {value.__name__}"
    if isinstance(value, FunctionType | BuiltinFunctionType | MethodType):
        return f"function {_signature(value)}"
    return kind + _size(value)


def described(value: Any) -> str:
    """The outline of tables, arrays and code, the short repr of anything else."""
    told = _reader(value) or isinstance(value, ModuleType | type | FunctionType)
    if told or _is_a(value, "pandas", "Series") or _is_a(value, "polars", "Series"):
        return outline(value)
    if hasattr(value, "dtype") and hasattr(value, "shape") and not _is_scalar(value):
        return outline(value)
    return f"{type_name(value)}{_size(value)}: {short_repr(value)}"


def short_repr(value: Any) -> str:
    """A repr of one line and at most 300 characters; of large collections only the beginning."""
    text = " ".join(_SHORT.repr(value).split())
    return without_keys(text if len(text) <= _REPR_CHARS else f"{text[:_REPR_CHARS]}…")


def type_name(value: Any) -> str:
    """The type as a person names it: `int`, `pandas DataFrame`."""
    module, name = type(value).__module__ or "", type(value).__name__
    return name if module in ("builtins", "__main__") else f"{module.partition('.')[0]} {name}"


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _REPR_CHARS
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxdict = _SHORT.maxset = 20


def _is_a(value: Any, library: str, name: str) -> bool:
    return any(
        base.__name__ == name and (base.__module__ or "").partition(".")[0] == library
        for base in type(value).__mro__
    )


def _is_scalar(value: Any) -> bool:
    return getattr(value, "shape", None) == ()


def _reader(value: Any) -> Callable[[Any], str] | None:
    if _is_a(value, "pandas", "DataFrame"):
        return _pandas
    if _is_a(value, "polars", "DataFrame"):
        return _polars
    if _is_a(value, "pyarrow", "Table"):
        return _arrow
    return None


def _pandas(frame: Any) -> str:
    counted = frame.size <= MAX_COUNTED_CELLS
    nulls = frame.isna().sum().tolist() if counted else None
    types = [str(dtype) for dtype in frame.dtypes.tolist()]
    index = f", index {type(frame.index).__name__} of {frame.index.dtype}"
    return _table(frame, [str(name) for name in frame.columns], types, nulls, index)


def _polars(frame: Any) -> str:
    counted = frame.height * frame.width <= MAX_COUNTED_CELLS
    nulls = list(frame.null_count().row(0)) if counted and frame.width else None
    return _table(frame, list(frame.columns), [str(dtype) for dtype in frame.dtypes], nulls, "")


def _arrow(table: Any) -> str:
    nulls = [column.null_count for column in table.columns]
    types = [str(field.type) for field in table.schema]
    return _table(table, list(table.column_names), types, nulls, "")


def _table(
    table: Any, names: list[str], types: list[str], nulls: list[int] | None, index: str
) -> str:
    rows, columns = table.shape
    lines = [f"{type_name(table)}, {counted(rows, 'row')} x {counted(columns, 'column')}{index}"]
    for at, (name, dtype) in enumerate(zip(names, types, strict=True)):
        if at == MAX_COLUMNS:
            lines.append(f"- … {counted(len(names) - MAX_COLUMNS, 'more column')}")
            break
        missing = "" if nulls is None else f", {int(nulls[at])} null"
        lines.append(f"- {_oneline(name)}: {dtype}{missing}")
    return "\n".join(lines)


def _nulls(count: Callable[[], int], size: int) -> str:
    return f", {count()} null" if size <= MAX_COUNTED_CELLS else ""


def _size(value: Any) -> str:
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if isinstance(shape, tuple):
        facts = f", shape {tuple(shape)}"
        return facts if dtype is None else f"{facts}, {dtype}"
    if isinstance(value, Sized) and not isinstance(value, type):
        try:
            return f", {counted(len(value), 'character' if isinstance(value, str) else 'item')}"
        except Exception:  # noqa: BLE001  # `__len__` is the user's code
            return ""
    return ""


def _signature(function: Any) -> str:
    import inspect

    name = getattr(function, "__name__", "?")
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return f"{name}(…)"
    return f"{name}({', '.join(parameters)})"  # the names: a default may be a value of the user


def _oneline(name: str) -> str:
    text = " ".join(name.split())
    return text if len(text) <= 100 else f"{text[:100]}…"
