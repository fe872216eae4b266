"""The line of a tool's magic: a parser from the tool's schema, and how to write such a line."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from IPython.core.error import UsageError

from a3s_magics.options import GIVEN, LineParser
from a3s_magics.tool_schema import BODIES, Parameter, parameters_of, rest_of_line

TELL = "--tell"
# Our own options in front of a program; what follows them is the program's.
_OPTIONS = {
    "bash": re.compile(r"(--tell|--timeout(?:(?:=|[ \t]+)(?P<timeout>\S*))?)(?:[ \t]+|$)"),
    "python": re.compile(r"--tell(?:[ \t]+|$)"),
}
_TELL_HELP = "add call and result to the conversation; the model reads them with the next prompt"


@dataclass(frozen=True, slots=True)
class Call:
    """What a line asks for."""

    tool: str
    args: dict[str, Any] = field(default_factory=dict)
    tell: bool = False


def parse_tool_line(definition: Mapping[str, Any], line: str) -> Call:
    """The call that a line means. Raises `UsageError`, or `HelpWanted` with the help."""
    program = rest_of_line(definition)
    return _parsed(definition, line) if program is None else _verbatim(definition, program, line)


def parse_tool_cell(definition: Mapping[str, Any], line: str, body: str) -> Call:
    """The call that a cell means: the line has every argument but the body. Raises as for a line."""
    name, program = str(definition["name"]), rest_of_line(definition)
    if program is not None:
        options = line.strip()
        call = _verbatim(definition, program, f"{options} -" if options else "-")
        if call.args[program] != "-":
            raise UsageError(f"%%a3s_{name}: its {program} goes on the lines below it")
    else:
        call = _parsed(_without(definition, BODIES[name]), line)
    return replace(call, args={**call.args, BODIES[name]: body})


def _without(definition: Mapping[str, Any], parameter: str) -> dict[str, Any]:
    schema = dict(definition["parameters"])
    schema["properties"] = {k: v for k, v in schema["properties"].items() if k != parameter}
    schema["required"] = [name for name in schema.get("required", ()) if name != parameter]
    return {**definition, "parameters": schema}


def _parsed(definition: Mapping[str, Any], line: str) -> Call:
    name = str(definition["name"])
    given = vars(tool_parser(definition).parse_line(line))
    tell = bool(given.pop(TELL, False))
    args = {key.removeprefix(GIVEN): value for key, value in given.items() if value is not None}
    return Call(name, args, tell)


def _verbatim(definition: Mapping[str, Any], program: str, line: str) -> Call:
    """The rest of the line is the program: quotes, braces and dollars belong to its language."""
    name, text, args, tell = str(definition["name"]), line.strip(), dict[str, Any](), False
    options = _OPTIONS[name]
    if text in ("-h", "--help"):
        tool_parser(definition).parse_line("--help")
    while option := options.match(text):
        if option[0].strip() == TELL:
            tell = True
        else:
            args["timeout"] = _milliseconds(name, option["timeout"] or "")
        text = text[option.end() :]
    if not text:
        raise UsageError(f"%a3s_{name}: the {program} is missing")
    return Call(name, {program: text, **args}, tell)


def _milliseconds(tool: str, value: str) -> int:
    if value in ("", "-"):  # the dash stands for the lines of a cell
        raise UsageError(f"%a3s_{tool}: --timeout needs a value, in milliseconds")
    if not value.isdecimal():
        raise UsageError(f"%a3s_{tool}: --timeout takes milliseconds, not {value!r}")
    return int(value)


def tool_parser(definition: Mapping[str, Any]) -> LineParser:
    """A parser for the tool's schema: what is required is positional, a leading `path` is, too."""
    name, program = str(definition["name"]), rest_of_line(definition)
    bash = program is not None and name == "bash"
    timeout = "[--timeout MS] " if bash else ""
    parser = LineParser(
        prog=f"%a3s_{name}",
        usage=f"%%a3s_{name} [--tell] {timeout}{program.upper()}" if program else None,
        description=_formatted(str(definition.get("description", ""))),
        epilog=_epilog(name, program),
    )
    parameters = parameters_of(definition)
    in_place = positional(parameters)
    flags = flags_of(parameters)
    for parameter in in_place:
        parser.add_argument(
            GIVEN + parameter.name,
            nargs=None if parameter.required else "?",
            metavar=_metavar(parameter),
            **_settings(parameter),
        )
    for parameter in parameters:
        if parameter not in in_place and not (bash and parameter.name == "env"):
            _add_option(parser, parameter, flags[parameter.name])
    parser.add_argument(TELL, dest=TELL, action="store_const", const=True, help=_TELL_HELP)
    return parser


def _epilog(name: str, program: str | None) -> str | None:
    if program is not None:
        return f"The {program} is the rest of the line, as it is typed, or the lines below %%a3s_{name}."
    if name in BODIES:
        return f"As a cell, %%a3s_{name}, the lines below it are its {BODIES[name]}."
    return None


def positional(parameters: Sequence[Parameter]) -> list[Parameter]:
    """Those that are told by their place: the required ones, and `path` if it is the first other."""
    in_place = [p for p in parameters if p.required and not p.name.startswith("-")]
    others = [p for p in parameters if p not in in_place]
    return [*in_place, *(p for p in others[:1] if p.name == "path")]


def flags_of(parameters: Sequence[Parameter]) -> dict[str, str]:
    """By name, the option of each parameter that is not told by its place; no two are alike."""
    in_place = positional(parameters)
    taken, flags = {"-h", "--help", TELL}, dict[str, str]()
    for parameter in parameters:
        if parameter in in_place:
            continue
        flag = _flag(parameter)
        while not taken.isdisjoint(_spellings(parameter, flag)):  # such as a parameter `help`
            flag = f"{flag if flag.startswith('--') else '-' + flag}-value"
        taken.update(_spellings(parameter, flag))
        flags[parameter.name] = flag
    return flags


def _spellings(parameter: Parameter, flag: str) -> list[str]:
    return _switches(flag) if parameter.kind == "boolean" else [flag]


def _flag(parameter: Parameter) -> str:
    """The option's name on the line: `replace_all` is `--replace-all`, and `-i` stays."""
    if re.fullmatch(r"-[A-Za-z]|--?[\w-]*\w", parameter.name):
        return parameter.name
    name = re.sub(r"[^\w-]+|_", "-", parameter.name).strip("-")
    return f"--{name or 'value'}"


def shown_line(tool: str, parameters: Sequence[Parameter], args: Mapping[str, Any]) -> str:
    """The magic line that makes this call; "" for one that no line can hold, such as line breaks."""
    if tool in _OPTIONS and BODIES[tool] in args:
        timeout = f"--timeout {args['timeout']} " if "timeout" in args else ""
        text = str(args[BODIES[tool]])
        line = f"%a3s_{tool} {timeout}{text}"
        return "" if "env" in args or text != text.strip() or "\n" in line else line
    in_place = positional(parameters)
    flags = flags_of(parameters)
    options = [
        _option(p, flags[p.name], args[p.name])
        for p in parameters
        if p.name in args and p.name in flags
    ]
    places = [shlex.quote(_text(args[p.name])) for p in in_place if p.name in args]
    # A value that begins with a dash would be taken for an option.
    ends = ["--"] if any(place.lstrip("'").startswith("-") for place in places) else []
    line = " ".join([f"%a3s_{tool}", *options, *ends, *places])
    # Some versions of argparse take a value `--` for the mark itself.
    return "" if len(line.splitlines()) > 1 or "--" in places else line


def _option(parameter: Parameter, flag: str, value: Any) -> str:
    if parameter.kind == "boolean":
        yes, no = _switches(flag)
        return yes if value else no
    return f"{flag}={shlex.quote(_text(value))}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _add_option(parser: LineParser, parameter: Parameter, flag: str) -> None:
    settings = _settings(parameter)
    if parameter.kind == "boolean":
        settings |= {"type": None, "action": _Switch}
    elif "choices" not in settings:
        settings["metavar"] = _metavar(parameter)
    parser.add_argument(flag, dest=GIVEN + parameter.name, required=parameter.required, **settings)


class _Switch(argparse.Action):
    """`--name` is true and `--no-name` false; the same for `-n` and `--no-n`.

    argparse's own takes `--no-cache` for false, also where the parameter is called `no_cache`.
    """

    def __init__(self, option_strings: Sequence[str], dest: str, **settings: Any) -> None:
        super().__init__(_switches(option_strings[0]), dest, nargs=0, **settings)

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        _values: object,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, option_string == self.option_strings[0])

    def format_usage(self) -> str:
        """Both spellings, for the line of the usage."""
        return " | ".join(self.option_strings)


def _switches(flag: str) -> list[str]:
    return [flag, f"--no-{flag.lstrip('-')}"]


def _settings(parameter: Parameter) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "help": parameter.description.replace("%", "%%") or None,
        "default": None,
        "type": _reader(parameter),
    }
    if parameter.choices and parameter.kind == "text":
        settings["choices"] = list(parameter.choices)
    return settings


def _reader(parameter: Parameter) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return parameter.value_of(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def _metavar(parameter: Parameter) -> str:
    return "JSON" if parameter.kind == "json" else re.sub(r"\W+", "_", parameter.name).upper()


def _formatted(text: str) -> str:
    """`argparse` fills in a description only where it names the program."""
    return text.replace("%", "%%") if "%(prog)" in text else text
