"""The arguments of the built-in tools: exactly the documented names, types and requirements."""

from __future__ import annotations

import jsonschema  # type: ignore[import-untyped]  # stubs are a package of their own
import pytest

from a3s_code import builtin_tool_names
from tests.session.conftest import NewSession

# Required arguments carry a star.
DOCUMENTED = {
    "read": "file_path*: string, offset: integer, limit: integer",
    "write": "file_path*: string, content*: string",
    "edit": "file_path*: string, old_string*: string, new_string*: string, replace_all: boolean",
    "patch": "file_path*: string, diff*: string",
    "bash": "command*: string, timeout: integer, env: object",
    "grep": "pattern*: string, path: string, glob: string, context: integer, -i: boolean, "
    "-n: boolean",
    "glob": "pattern*: string, path: string",
    "ls": "path: string",
    "web_fetch": "url*: string, format: string, timeout: integer",
    "web_search": "query*: string, engines: string, limit: integer, timeout: integer, "
    "proxy: string, format: string",
    "git": "command*: string, max_count: integer, name: string, base: string, ref: string, "
    "force: boolean, target: string, message: string, include_untracked: boolean, "
    "subcommand: string, path: string, new_branch: boolean",
    "batch": "invocations*: array",
    "task": "prompt*: string, agent: string, description: string, workspace: string, "
    "background: boolean, max_steps: integer, permissive: boolean",
    "parallel_task": "tasks*: array",
    "run_team": "goal*: string, lead_agent: string, worker_agent: string, reviewer_agent: string, "
    "max_steps: integer",
    "Skill": "skill_name*: string, prompt: string",
}


def test_schemas_take_nothing_else_and_have_examples(new_session: NewSession) -> None:
    """Those of the tools that delegate, too."""
    definitions = new_session(builtin_skills=True).tool_definitions()
    assert len(definitions) == len(DOCUMENTED) + 2
    for schema in (definition["parameters"] for definition in definitions):
        jsonschema.Draft202012Validator.check_schema(schema)
        assert (schema["type"], schema["additionalProperties"]) == ("object", False)
        assert schema["examples"]
        for example in schema["examples"]:
            jsonschema.validate(example, schema)


@pytest.mark.parametrize("tool", DOCUMENTED)
def test_the_documented_arguments(new_session: NewSession, tool: str) -> None:
    schemas = {entry["name"]: entry["parameters"] for entry in new_session().tool_definitions()}
    assert [*schemas] == [*builtin_tool_names()] == [*DOCUMENTED]
    schema = schemas[tool]
    told = {
        name + "*" * (name in schema["required"]): value["type"]
        for name, value in schema["properties"].items()
    }
    assert told == dict(pair.split(": ") for pair in DOCUMENTED[tool].split(", "))
