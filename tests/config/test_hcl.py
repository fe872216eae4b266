"""HCL text to a tree."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from a3s_code.config.hcl import parse_hcl
from a3s_code.config.tree import Body, EnvCall, Template
from a3s_code.errors import ConfigError


def plain(value: object) -> object:
    """A tree as dictionaries and lists; a repeated block becomes a list."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if not isinstance(value, Body):
        return value
    found: dict[str, object] = {}
    for entry in value:
        here = plain(entry.value)
        if entry.name in found:
            before = found[entry.name]
            found[entry.name] = [*before, here] if isinstance(before, list) else [before, here]
        else:
            found[entry.name] = here
    return found


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ('a = "x"', {"a": "x"}),
        ("a = 5", {"a": 5}),
        ("a = -5", {"a": -5}),
        ("a = - 5", {"a": -5}),
        ("a = -12", {"a": -12}),
        ("a = 1.5", {"a": 1.5}),
        ("a = 1e6", {"a": 1e6}),
        ("a = true b = false c = null", {"a": True, "b": False, "c": None}),
        ('a = ["x", "y"]', {"a": ["x", "y"]}),
        ('a = [\n  "x",\n  "y",\n]', {"a": ["x", "y"]}),
        ("a = []", {"a": []}),
        ('a = { KEY = "v", "other key" = "w", third: 3 }', {"a": {"KEY": "v", "other key": "w", "third": 3}}),
        ("a = { x = 1 y = 2 }", {"a": {"x": 1, "y": 2}}),
        ("a = {\n  in = 1\n  for = 2\n}", {"a": {"in": 1, "for": 2}}),
        ("limit { context = 128000  output = 4096 }", {"limit": {"context": 128000, "output": 4096}}),
        ("ddg { enabled = true  weight = 1.5 }", {"ddg": {"enabled": True, "weight": 1.5}}),
        ('m { i = ["text", "image"]  o = ["text"] l { c = 1 } }', {"m": {"i": ["text", "image"], "o": ["text"], "l": {"c": 1}}}),
        ("a {}\na { b = 1 }", {"a": [{}, {"b": 1}]}),
        ("a\n{\n}", {"a": {}}),
        ('a = [{ b = 1 }, { b = 2 }]', {"a": [{"b": 1}, {"b": 2}]}),
        ('# one\n// two\n/* three\n */ a = 1 # four', {"a": 1}),
        ("a = /* here too */ 1", {"a": 1}),
        ('a = "# no comment // nor /* this */"', {"a": "# no comment // nor /* this */"}),
        ("a = <<END\none # two\n  three\nEND\nb = 1", {"a": "one # two\n  three\n", "b": 1}),
        ("a = <<-END\n    one\n      two\n    END\n", {"a": "one\n  two\n"}),
        ("a = <<E\nE\n", {"a": ""}),
        ('a = "q\\" b\\\\ n\\n t\\t \\u00e9 \\U0001F600"', {"a": 'q" b\\ n\n t\t é 😀'}),
        ('a = "$${x} %%{y} $ % $5"', {"a": "${x} %{y} $ % $5"}),
        ('a = ""', {"a": ""}),
        ("", {}),
        ("\n\n# nothing\n", {}),
        ('\ufeffa = "x"\r\nb = 2\r\n', {"a": "x", "b": 2}),
        ("a = (1)", {"a": 1}),
        ('a = "${env("X")}"', {"a": EnvCall("X", 1)}),
        ('a = env("X")', {"a": EnvCall("X", 1)}),
        ('\na = [env("X"), "y"]', {"a": [EnvCall("X", 2), "y"]}),
        ('a = { h = env("X") }', {"a": {"h": EnvCall("X", 1)}}),
        ('a = "Bearer ${env("X")}!"', {"a": Template(("Bearer ", EnvCall("X", 1), "!"))}),
        ('a = <<E\nx ${env("X")}\nE\n', {"a": Template(("x ", EnvCall("X", 1), "\n"))}),
    ],
)  # fmt: skip
def test_text_becomes_a_tree(text: str, tree: object) -> None:
    """Every form of the language that a configuration may use."""
    assert plain(parse_hcl(text)) == tree


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"),
    [
        ("a =\n1", 1, 4, "the line ends where a value is expected"),
        ("a = ", 1, 5, "the text ends where more is expected"),
        ('a = "x', 1, 5, "a string is not closed on its line"),
        ('a = "x\nb = "y"\n', 1, 5, "a string is not closed on its line"),
        ('a = "x\ny"', 1, None, "a string is not closed on its line"),
        ("p {\n  a = 1\n", 3, 1, "the text ends before a `}` that closes `{`"),
        ("a = [1, 2", 1, 10, "the text ends before a `]` that closes `[`"),
        ("a { b = 1, c = 2 }", 1, 10, "unexpected `,`; attributes are separated by blanks or new lines"),
        ("a = 'x'", 1, 5, "unexpected `'`; strings are written in double quotes"),
        ("a = 1\n\n  b = @", 3, 7, "unexpected `@`"),
        ("}", 1, 1, "unexpected `}`"),
        ("a = 1 2", 1, 7, "unexpected text; expected `name = value` or `name { ... }`"),
        ("x = 1\n/* open", 2, 1, "a comment starts here and does not end"),
        ("a = <<E\nhello\n", 1, 5, "a here-document starts here and does not end"),
        ("a = 1 + 2", 1, 5, None),
        ("a = b.c", 1, 5, None),
        ("a = [for x in y : x]", 1, 5, None),
        ("a = 1\nb = f(1)", 2, None, "unknown function `f`; only env(...) exists"),
        ("a = env()", 1, None, 'env() takes one name in quotes, as in env("NAME")'),
        ('a = env("A", "B")', 1, None, 'env() takes one name in quotes, as in env("NAME")'),
        ('a = "${var.x}"', 1, None, 'inside a string only ${env("NAME")} is replaced'),
        ('a = "%{if x}y%{endif}"', 1, None, 'inside a string only ${env("NAME")} is replaced'),
        ('a = "C:\\x"', 1, None, "unknown escape `\\x`; a backslash is written `\\\\`"),
        ('a = "\\ud800"', 1, None, "an escape names no Unicode character"),
        ("a = 1\nb { c = 1\n  c = 2 }", 3, None, "`c` is given twice (first in line 2)"),
        ("a = { k = 1 k = 2 }", 1, None, "`k` is given twice (first in line 1)"),
    ],
)  # fmt: skip
def test_mistakes_have_a_place_and_one_plain_sentence(
    text: str, line: int, column: int | None, problem: str | None
) -> None:
    """The reader learns where and what, in words that are not the parser's."""
    with pytest.raises(ConfigError) as caught:
        parse_hcl(text, "/x/agent.hcl")

    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.path == "/x/agent.hcl"
    assert problem is None or caught.value.problem.endswith(f": {problem}")
    assert "\n" not in str(caught.value)
    for jargon in ("Token", "STRING_CHARS", "LBRACE", "expected one of", "$END"):
        assert jargon not in str(caught.value)


def test_labels_and_lines_are_kept() -> None:
    """A label is not a key, and each entry knows its line."""
    (provider,) = parse_hcl('\nproviders "openai" {\n  models "m" {\n    id = "x"\n  }\n}')
    assert (provider.name, provider.labels, provider.line) == ("providers", ("openai",), 2)
    assert isinstance(provider.value, Body)
    (model,) = provider.value
    assert (model.labels, model.line, model.is_block) == (("m",), 3, True)


@settings(deadline=None)  # a first parse builds tables
@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=60)
)
def test_any_string_comes_back_from_its_written_form(text: str) -> None:
    """Escaping and reading are inverse, whatever the characters."""
    written = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    written = written.replace("${", "$${").replace("%{", "%%{")
    assert plain(parse_hcl(f'a = "{written}"')) == {"a": text}


@settings(deadline=None)  # a first parse builds tables
@given(st.text(alphabet='a="{}[]\n#/*<E,1 $\\-.()', max_size=40))
def test_garbage_is_a_configuration_error_or_a_tree(text: str) -> None:
    """No text ends in another exception."""
    with contextlib.suppress(ConfigError):
        parse_hcl(text)


def test_bottomless_nesting_is_refused() -> None:
    """Not even a hostile depth ends in another exception."""
    with pytest.raises(ConfigError, match="nested too deeply"):
        parse_hcl("a = " + "[" * 5000 + "]" * 5000)
