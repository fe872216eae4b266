"""Where a configuration comes from: paths, texts, environment variables; and how errors say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from a3s_code.config.load import load_config
from a3s_code.config.secret import Secret, reveal_all
from a3s_code.errors import A3SError, ConfigError, InvalidArgument

TEXT = 'default_model = "p/m"\nproviders { name = "p" api_key = "k" models { id = "m" } }\n'


@pytest.mark.parametrize("name", ["agent.hcl", "other.HCL", "sub/x.hcl", "agent.acl", "conf.txt"])
def test_a_path_with_an_extension_is_read(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative to the working directory; the file's absolute path is kept."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(TEXT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert load_config(name, environ={}).path == path
    assert load_config(str(path), environ={}).path == path


@pytest.mark.parametrize("variable", ["HOME", "USERPROFILE"])
def test_the_home_directory_is_expanded(variable: str, tmp_path: Path) -> None:
    """`~/` in the source, and in the directories inside of it."""
    (tmp_path / "agent.hcl").write_text(
        TEXT + 'sessions_dir = "~/s"\nskill_dirs = ["~/k", "~"]\nagent_dirs = ["~user/x"]\n',
        encoding="utf-8",
    )
    config = load_config("~/agent.hcl", environ={variable: str(tmp_path)})
    assert config.sessions_dir == tmp_path / "s"
    assert config.skill_dirs == (tmp_path / "k", tmp_path)
    assert config.agent_dirs == (Path.cwd() / "~user" / "x",)


def test_of_two_home_directories_the_first_is_taken(tmp_path: Path) -> None:
    both = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path / "profile")}
    (tmp_path / "agent.hcl").write_text(TEXT, encoding="utf-8")
    assert load_config("~/agent.hcl", environ=both).path == tmp_path / "agent.hcl"


def test_relative_directories_start_at_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not at the folder of the file."""
    monkeypatch.chdir(tmp_path)
    assert load_config(TEXT + 'sessions_dir = "s/../t"', environ={}).sessions_dir == tmp_path / "t"


def test_several_lines_are_always_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even when they end like a path."""
    monkeypatch.chdir(tmp_path)
    assert load_config(TEXT + "# see agent.hcl", environ={}).path is None
    assert load_config(TEXT.replace("\n", " "), environ={}).path is None


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("missing.hcl", "the file does not exist"),
        ("missing.HCL", "the file does not exist"),
        ("folder.hcl", "cannot be read"),
        ("latin.hcl", "the file is not UTF-8 text"),
        ("agent.conf", "is neither an existing file nor HCL text"),
        ("some/where", "is neither an existing file nor HCL text"),
        ("plain", "is not read: a configuration file has an extension, such as agent.hcl"),
        ("program", "is not a text file"),
        (".", "is a directory; name a file in it, such as agent.hcl"),
        ("missing.json", "the file does not exist"),
        ("", "`default_model` is missing; it has the form provider/model"),
    ],
)
def test_a_source_that_cannot_be_used(
    source: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the path."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.hcl").mkdir()
    (tmp_path / "plain").write_text(TEXT, "utf-8")
    (tmp_path / "latin.hcl").write_bytes(b'a = "\xe9"')
    (tmp_path / "program").write_bytes(b"\x7fELF\0")
    with pytest.raises(ConfigError) as caught:
        load_config(source, environ={})
    assert problem in caught.value.problem
    assert str(caught.value).startswith("Failed to create agent: ")
    assert ("inline configuration" in str(caught.value)) == (source == "")
    if source.endswith(".hcl") or source in ("plain", "program"):
        assert caught.value.path == str(tmp_path / source)
        assert str(tmp_path / source) in str(caught.value)


def test_env_is_looked_up_wherever_a_string_stands() -> None:
    """In attributes, lists, objects and inside of strings; an empty variable is an empty string."""
    config = load_config(
        'default_model = "${env("P")}/m"\n'
        "skill_dirs = [env(\"D\")]\n"
        'providers { name = env("P") api_key = env("K")\n'
        '  headers = { Authorization = "Bearer ${env("K")}", X = env("EMPTY") }\n'
        '  models { id = "m" family = env("EMPTY") } }',
        environ={"P": "p", "D": "/d", "K": "secret", "EMPTY": ""},
    )  # fmt: skip
    model = config.resolve()
    assert (model.provider, model.api_key, model.family) == ("p", Secret("secret"), "")
    assert reveal_all(model.headers) == {"Authorization": "Bearer secret", "X": ""}
    assert config.skill_dirs == (Path("/d"),)


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is read once at each load: not when the text was first seen, nor any later."""
    text = TEXT.replace('"k"', 'env("A3S_TEST_KEY")')
    configs = []
    for value in ("one", "two"):
        monkeypatch.setenv("A3S_TEST_KEY", value)
        configs.append(load_config(text))
    monkeypatch.delenv("A3S_TEST_KEY")
    keys = [config.resolve().api_key for config in configs]
    assert keys == [Secret("one"), Secret("two")]


def test_an_unset_variable_is_named_with_its_place(tmp_path: Path) -> None:
    """File, line and variable."""
    path = tmp_path / "agent.hcl"
    path.write_text(TEXT.replace('"k"', 'env("NOT_SET")'), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(str(path), environ={})
    assert str(caught.value) == (
        f"Failed to create agent: {path}:2: environment variable `NOT_SET` is not set"
    )
    assert (caught.value.path, caught.value.line) == (str(path), 2)


def test_a_mistake_in_a_text_has_its_position() -> None:
    with pytest.raises(ConfigError) as caught:
        load_config('default_model = "p/m"\nsessions_dir = @', environ={})
    assert str(caught.value).startswith("Failed to create agent: inline configuration:2:16: ")


@pytest.mark.parametrize(
    ("text", "line", "parts"),
    [
        ("", None, ["default_model", "provider/model"]),
        ('\ndefault_model = "gpt"', 2, ["default_model", "provider/model", '"gpt"']),
        ('default_model = "/m"', 1, ["provider/model"]),
        ('default_model = "p/"', 1, ["provider/model"]),
        ('default_model = "q/m"\nproviders { name = "p" }', 1, ["'q'", "'m'", "defined: p"]),
        ('default_model = "q/m"', 1, ["'q'", "'m'", "defined: none"]),
        ('default_model = "p/x"\nproviders { name = "p" models { id = "m" } }', 1, ["'p'", "'x'", "it has: m"]),
        ('default_model = "p/m"\nproviders { name = "p" models { id = "m" } }', None, ["`p`", "api_key", "base_url"]),
        ('default_model = "p/m"\nproviders { name = "p" api_key = " " models { id = "m" } }', None, ["`p`", "api_key"]),
    ],
)  # fmt: skip
def test_mistakes_about_the_default_model(text: str, line: int | None, parts: list[str]) -> None:
    """Each says what was expected and what exists."""
    with pytest.raises(ConfigError) as caught:
        load_config(text, environ={})
    assert caught.value.line == line
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        'default_model = "p/m"\nproviders { name = "p" api_key = "sk-hush" model = 1 models { id = 5 } }',
        'default_model = "p/m"\nproviders { name = "p" api_key = ["sk-hush"] models { id = "m" } }',
        'default_model = "p/m"\nproviders { name = "p" headers = { A = ["sk-hush"] } models { id = "m" } }',
        'default_model = "p/m"\nproviders { name = "p" base_url = "sk-hush@h" models { id = "m" } }',
        'default_model = "p/m"\nproviders { name = "p" api_key = sk-hush models { id = "m" } }',
        'default_model = "p/m"\nproviders { name = "p" api_key sk-hush models { id = "m" } }',
        'default_model = "p/m"\nproviders { name = "p" api_key = \'sk-hush\' models { id = "m" } }',
        'default_model = "p/m"\nproviders { name = "p" api_key = "sk-hush\n models { id = "m" } }',
        'default_model = "p/m"\nproviders { name = "p" api_key = "\\sk-hush" models { id = "m" } }',
        'default_model = "p/m"\nproviders { name = "p" api_key = "x" "sk-hush" models { id = "m" } }',
        'default_model = "p/m"\nstorage_url = ["sk-hush"]\nproviders { name = "p" api_key = "x" models { id = "m" } }',
        'default_model = "p/m"\nmax_tool_rounds = env("SECRET")\nproviders { name = "p" api_key = "x" models { id = "m" } }',
        'default_model = "p/m"\nstorage_backend = env("SECRET")\nproviders { name = "p" api_key = "x" models { id = "m" } }',
    ],
)  # fmt: skip
def test_no_error_repeats_a_secret(text: str) -> None:
    """Whatever is wrong with a key or around it; the causes of the error are clean too."""
    with pytest.raises(A3SError) as caught:
        load_config(text, environ={"SECRET": "sk-hush"})
    error: BaseException | None = caught.value
    while error is not None:
        assert "hush" not in f"{error!s} {error!r}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


# -- JSON -------------------------------------------------------------------------------------------

JSON = """
{
  "default_model": "p/m",
  "maxToolRounds": 7,
  "providers": [
    {"name": "p", "api_key": "env(\\"X\\")", "models": [{"id": "m", "limit": {"context": 5}}]}
  ],
  "search": {"engine": {"ddg": {"weight": 2}}},
  "mcp_servers": {"name": "s", "command": "x", "env": {"camelCase": "1"}}
}
"""


@pytest.mark.parametrize("inline", [True, False])
def test_json_has_the_keys_of_the_other_form(inline: bool, tmp_path: Path) -> None:
    path = tmp_path / "agent.json"
    path.write_text("\ufeff" + JSON, "utf-8")
    config = load_config(JSON if inline else path, environ={})
    assert config.path == (None if inline else path)
    assert (config.max_tool_rounds, config.resolve().limit.context) == (7, 5)
    assert config.resolve().api_key == Secret('env("X")')
    assert config.search is not None
    assert config.search.engines["ddg"].weight == 2
    assert reveal_all(config.mcp_servers[0].env) == {"camelCase": "1"}
    assert config.warnings == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '{"default_model": "p/m",\n  "secret": }',
            "inline configuration:2:13: not JSON: Expecting",
        ),
        ('{"default_model": 3}', "`default_model` must be a string, not 3"),
        ('{"a": 1, "a": 2}', "`a` is given twice"),
        ('{"max_tool_rounds": NaN}', "NaN is no number"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
    ],
)
def test_json_that_cannot_be_used(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(text, environ={})
    assert problem in str(caught.value)


@pytest.mark.parametrize("source", [None, 3, b"agent.hcl", ["agent.hcl"], {"default_model": "p/m"}])
def test_a_source_of_another_type_is_named(source: object) -> None:
    with pytest.raises(InvalidArgument, match=f"not {type(source).__name__}"):
        load_config(source)  # type: ignore[arg-type]  # that is the point


# -- keys that no header can carry ------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["\x1b", "\x7f", "\r", "é", "\u200b"])
@pytest.mark.parametrize(
    ("field", "lines"),
    [
        ("api_key", 'providers {\n name = "q"\n api_key = env("X")\n}'),
        ("headers.X-Key", 'providers {\n name = "q"\n headers = { X-Key = env("X") }\n}'),
        (
            "headers.Authorization",
            (
                'mcp_servers {\n name = "s"\n transport = "http"\n url = "http://h"\n'
                ' headers = { Authorization = "Bearer ${env("X")}" }\n}'
            ),
        ),
        (
            "access_token",
            (
                'mcp_servers {\n name = "s"\n transport = "http"\n url = "http://h"\n'
                ' oauth { access_token = env("X") }\n}'
            ),
        ),
    ],
)
def test_a_key_that_cannot_be_sent_is_refused_unseen(
    field: str, lines: str, sign: str, tmp_path: Path
) -> None:
    path = tmp_path / "agent.hcl"
    path.write_text(TEXT + lines, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path, environ={"X": f"sk-{sign}secret"})
    source = "" if "Bearer" in lines else ' from env("X")'
    assert f"`{field}`{source} holds a c" in str(caught.value)
    assert caught.value.path == str(path)
    assert caught.value.line is not None
    assert caught.value.line > 2
    assert "secret" not in str(caught.value)


def test_line_ends_around_a_key_do_not_matter() -> None:
    """They come with `export KEY=$(cat file)`."""
    text = TEXT.replace('"k"', 'env("X")').replace("models", 'headers = { A = env("X") } models')
    model = load_config(text, environ={"X": " sk-1\r\n"}).resolve()
    assert model.api_key == Secret("sk-1")
    assert reveal_all(model.headers) == {"A": "sk-1"}
