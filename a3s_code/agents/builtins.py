"""The agents that come with the library."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

from a3s_code.agents.definition import AgentDefinition
from a3s_code.permissions.policy import PermissionPolicy

_LOOK = ("read", "grep", "glob", "ls")
_CHANGE = ("write", "edit", "patch")
_LOOK_COMMANDS = ("ls", "cat", "head", "tail", "find", "wc")
_CHANGE_COMMANDS = ("rm", "mv", "cp")

_EXPLORE = (
    "You look around in a project and report. Find what was asked for with as few calls as it "
    "takes, starting broad and reading only what matters. You change nothing. Answer with the "
    "facts, each with the path and line where it stands, and say what you did not find."
)
_GENERAL = (
    "You carry out one piece of work on your own. Nobody can answer questions, so make sensible "
    "assumptions and name them. Finish by saying what you did, where, and how you checked it."
)
_PLAN = (
    "You plan a piece of work without doing any of it. Read what is there, then give numbered "
    "steps: what to change in which file, in which order, how to check it, what could go wrong. "
    "You change nothing."
)
_VERIFICATION = (
    "You find out whether a piece of work really does what it should. Run the tests and try the "
    "cases that are most likely to break it; do not take anyone's word. You mend nothing. Report "
    "what you ran, what came out, and a verdict."
)
_REVIEW = (
    "You review changes critically: wrong results first, then security, missing tests, clarity. "
    "Report only what you can support with a path, a line and a situation in which it shows, "
    "sorted by weight. You change nothing."
)
_TITLE = "Give the conversation a title of at most six words. Answer with the title alone."
_SUMMARY = (
    "Summarise the conversation for someone who has to go on with it: what was wanted, decided, "
    "done and found, and what is still open. Names of files and figures stay exact."
)


@functools.cache
def builtin_agents() -> tuple[AgentDefinition, ...]:
    """The seven built-in definitions; every session has the same ones, so they are built once."""
    nothing_changes = (*_CHANGE, "task")
    return (
        _agent(
            "explore",
            "Looks around in the project, read-only: where things are and how they work",
            _EXPLORE,
            20,
            allow=(*_LOOK, *_commands(_LOOK_COMMANDS)),
            deny=(*nothing_changes, *(f"bash({name}:*)" for name in _CHANGE_COMMANDS)),
        ),
        _agent(
            "general",
            "Carries out a piece of work of any kind, changes included",
            _GENERAL,
            50,
            allow=(*_LOOK, *_CHANGE, "bash"),
            deny=("task",),
        ),
        _agent(
            "plan",
            "Makes a plan for a piece of work, read-only",
            _PLAN,
            30,
            allow=_LOOK,
            deny=(*nothing_changes, "bash"),
        ),
        _agent(
            "verification",
            "Checks by running it whether a piece of work is correct",
            _VERIFICATION,
            30,
            allow=(*_LOOK, "bash"),
            deny=nothing_changes,
        ),
        _agent(
            "review",
            "Reviews changes for mistakes and weaknesses",
            _REVIEW,
            25,
            allow=(*_LOOK, "bash"),
            deny=nothing_changes,
        ),
        _hidden("title", "Names a conversation", _TITLE, 1, allow=()),
        _hidden("summary", "Summarises a conversation", _SUMMARY, 5, allow=("read",)),
    )


def _commands(names: Iterable[str]) -> list[str]:
    """Rules for a command alone and with arguments; `lsof` does not begin with `ls `."""
    return [rule for name in names for rule in (f"bash({name})", f"bash({name} :*)")]


def _agent(
    name: str,
    description: str,
    prompt: str,
    max_steps: int,
    *,
    allow: Sequence[str],
    deny: Sequence[str],
) -> AgentDefinition:
    return AgentDefinition(
        name=name,
        description=description,
        prompt=prompt,
        permissions=PermissionPolicy(allow=allow, deny=deny),
        max_steps=max_steps,
        native=True,
    )


def _hidden(
    name: str, description: str, prompt: str, max_steps: int, *, allow: Sequence[str]
) -> AgentDefinition:
    return AgentDefinition(
        name=name,
        description=description,
        prompt=prompt,
        permissions=PermissionPolicy(allow=allow, default_decision="deny"),
        max_steps=max_steps,
        hidden=True,
        native=True,
    )
