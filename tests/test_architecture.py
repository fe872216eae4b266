"""The shape of the project: imports point one way, the public API is what is listed."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import a3s_code

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "a3s_code": ROOT / "a3s_code",
    "a3s_magics": ROOT / "magics" / "a3s_magics",
    "a3s_kernel": ROOT / "a3s_kernel",
}
# A module may import from its own layer and from those above it in this list.
LAYERS = (
    (
        "a3s_code.checks",
        "a3s_code.cost_summary",
        "a3s_code.errors",
        "a3s_code.messages",
        "a3s_code.results",
        "a3s_code.events",
        "a3s_code.telemetry",
        "a3s_code.tool_names",
    ),
    ("a3s_code.context.model",),
    (
        "a3s_code.agents",
        "a3s_code.config",
        "a3s_code.permissions",
        "a3s_code.schedule",
        "a3s_code.security",
        "a3s_code.skills",
        "a3s_code.store",
    ),
    ("a3s_code.memory",),
    ("a3s_code.local", "a3s_code.llm", "a3s_code.tools"),
    (
        "a3s_code.commands",
        "a3s_code.context",
        "a3s_code.hooks",
        "a3s_code.lanes",
        "a3s_code.loop",
        "a3s_code.mcp",
        "a3s_code.planning",
    ),
    ("a3s_code.ahp",),
    ("a3s_code.run", "a3s_code.background"),
    ("a3s_code.options", "a3s_code.crew", "a3s_code.keeping", "a3s_code.ledger"),
    ("a3s_code.drafting",),
    ("a3s_code.conversation",),
    ("a3s_code.assembly",),
    ("a3s_code.session_memory", "a3s_code.session_queue"),
    ("a3s_code.session",),
    ("a3s_code.agent",),
    ("a3s_code.teams",),
    ("a3s_code",),
    ("a3s_magics",),
    ("a3s_kernel",),
)


def modules() -> dict[str, Path]:
    """All modules of the project by dotted name."""
    found = {}
    for package, folder in PACKAGES.items():
        for path in folder.rglob("*.py"):
            parts = (package, *path.relative_to(folder).with_suffix("").parts)
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imports_of(name: str, path: Path) -> Iterator[str]:
    """Names of the project's modules that a module imports, anywhere in its text."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            pytest.fail(f"{name} uses a relative import")
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def module_of(target: str, known: dict[str, Path]) -> str | None:
    """The module that an imported name lives in."""
    while target and target not in known:
        target = target.rpartition(".")[0]
    return target or None


def layer_of(module: str) -> int:
    """Index of the layer; the most specific entry counts."""
    matches = [
        (len(prefix), index)
        for index, layer in enumerate(LAYERS)
        for prefix in layer
        if module == prefix or (module.startswith(prefix + ".") and prefix != "a3s_code")
    ]
    assert matches, f"{module} belongs to no layer: add it to LAYERS"
    return max(matches)[1]


def edges() -> Iterator[tuple[str, str]]:
    known = modules()
    for name, path in known.items():
        for target in imports_of(name, path):
            module = module_of(target, known)
            if module is not None and module != name:
                yield name, module


def test_imports_point_one_way() -> None:
    wrong = sorted(
        f"{name} imports {module}"
        for name, module in set(edges())
        if layer_of(module) > layer_of(name)
    )
    assert wrong == []


def test_there_is_no_cycle() -> None:
    graph: dict[str, set[str]] = {}
    for name, module in edges():
        graph.setdefault(name, set()).add(module)
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail[trail.index(name) :], name))
        if name in done:
            return
        for module in sorted(graph.get(name, ())):
            visit(module, (*trail, name))
        done.add(name)

    for name in sorted(graph):
        visit(name, ())


def test_only_those_who_ask_servers_import_httpx() -> None:
    users = [
        name
        for name, path in modules().items()
        if any(target.partition(".")[0] == "httpx" for target in imports_of(name, path))
    ]
    allowed = ("http", "network", "pages", "transport")
    assert sorted(users) == [f"a3s_code.llm.{name}" for name in allowed]


@pytest.mark.parametrize("package", ["a3s_magics", "a3s_kernel"])
def test_shells_use_only_the_public_api(package: str) -> None:
    public = set(a3s_code.__all__)
    if package == "a3s_kernel":  # the command `model` manages the embedded model's file
        public |= {"local.cli.main"}
    else:  # `doctor` tells where it is
        public |= {"local.source.is_cached", "local.source.model_path"}
    wrong = sorted(
        f"{name} imports {target}"
        for name, path in modules().items()
        if name.partition(".")[0] == package
        for target in imports_of(name, path)
        if target.startswith("a3s_code.") and target.removeprefix("a3s_code.") not in public
    )
    assert wrong == []


def test_the_public_api_is_what_is_listed() -> None:
    assert a3s_code.__all__ == sorted(a3s_code.__all__)
    assert set(a3s_code.__all__) <= set(dir(a3s_code))
    for name in a3s_code.__all__:
        assert getattr(a3s_code, name).__module__.startswith("a3s_code."), name
    with pytest.raises(AttributeError, match="has no attribute 'Agnet'"):
        _ = a3s_code.Agnet  # type: ignore[attr-defined]


def test_the_agent_brings_only_what_every_session_needs() -> None:
    """What is left out here took a fifth of the time of this import."""
    rare = {"httpx", "hcl2", "email", "zipfile", "urllib.request", "xml.sax", "mcp"}
    code = (
        "import sys\n"
        "before = set(sys.modules)\n"
        "from a3s_code import Agent\n"
        f"print([name for name in {sorted(rare)} if name in sys.modules.keys() - before])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert run.stdout == "[]\n"


def test_importing_is_light_and_silent() -> None:
    code = (
        "import sys, threading, a3s_code\n"
        "heavy = {'httpx', 'hcl2', 'lark', 'ipywidgets', 'xllamacpp', 'msgspec', 'pathspec', 'mcp'}\n"
        "print(sorted(heavy & set(sys.modules)), threading.active_count())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert (run.stdout, run.stderr) == ("[] 1\n", "")
