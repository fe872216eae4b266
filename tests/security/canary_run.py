"""A program that fails in every way it can, and prints all that a user could print of it.

    python -m tests.security.canary_run FOLDER

Debug logging of everything goes to a file; sessions are saved; errors are printed with tracebacks
and variables, and pickled.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import sys
import traceback
from pathlib import Path

from a3s_code import A3SError, Agent, FileSessionStore, Session, describe_config

PROMPTS = 14
OPTIONS = {"permissive": True, "auto_save": True, "retry_config": {"base_delay_ms": 1}}


def show(*values: object) -> None:
    """Print values in both forms."""
    for value in values:
        sys.stdout.write(f"{value}\n{value!r}\n")


def show_error(error: BaseException, folder: Path) -> None:
    """All of an error: its traceback with causes, its attributes, its pickled form."""
    traceback.print_exception(error)
    traceback.TracebackException.from_exception(error, capture_locals=True).print(file=sys.stdout)
    show(error, vars(error), error.args, error.__cause__, error.__context__)
    pickled = folder / f"error-{len(list(folder.glob('error-*')))}.pickle"
    pickled.write_bytes(pickle.dumps(error))


def ask(session: Session, folder: Path, number: int) -> None:
    """One prompt, each in another way."""
    try:
        if number % 3 == 0:
            show(session.send(f"prompt {number}"))
        elif number % 3 == 1:
            for event in session.stream(f"prompt {number}"):
                show(event, event.to_dict())
        else:
            show(asyncio.run(session.asend(f"prompt {number}")))
    except A3SError as error:
        show_error(error, folder)


def main(folder: Path) -> None:
    logging.basicConfig(level=logging.DEBUG, filename=folder / "debug.log")
    agent = Agent.create(str(folder / "agent.hcl"))
    show(agent, agent.config, describe_config(agent.config), vars(agent))
    store = FileSessionStore(str(folder / "sessions"))
    for model in ("openai/m", "anthropic/m"):
        session_id = model.partition("/")[0]
        with agent.session(
            folder, model=model, session_store=store, session_id=session_id, **OPTIONS
        ) as session:
            for number in range(PROMPTS):
                ask(session, folder, number)
            try:
                show(session.btw("why?"))
            except A3SError as error:
                show_error(error, folder)
            session.save()
            show(session, session.history(), session.usage, session.cost_usd)
            show(session.tool("bash", {"command": "cat agent.hcl; env | sort"}))
            show(session.tool("read", {"file_path": "agent.hcl"}))
            show(session.tool("grep", {"pattern": "key"}))
        show(agent.resume_session(session_id, session_store=store).history())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
