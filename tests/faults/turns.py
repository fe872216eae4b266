"""A program that answers prompts in a session, on a machine in whatever trouble the test orders.

    python -m tests.faults.turns URL SESSIONS_FOLDER

Works in the current folder. Reads orders, one JSON list per line, and answers each with one line:

    ["ask", prompt]              the answer, its error, the types of the events
    ["tool", name, arguments]    output and exit code of a call by hand
    ["save"], ["resume"]         "" or the error
    ["full", bytes]              from now on no file grows beyond this size
    ["room"]                     the disk has room again
    ["obey"]                     permission bits count, whoever runs this; as the first order, since
                                 threads that run already are not bound
"""

from __future__ import annotations

import json
import sys
from typing import Any

from a3s_code import A3SError, Agent, FileSessionStore, Session
from tests.faults.unprivileged import obey_permission_bits
from tests.model_server import agent_hcl
from tests.session.callers import by_stream

ID = "mine"


def set_room(limit: int | None) -> None:
    """Bound the size of files, which is how a test without a disk of its own gets one that is full."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard if limit is None else limit, hard))


class Worker:
    """Takes the orders."""

    def __init__(self, url: str, folder: str) -> None:
        self._agent = Agent.create(agent_hcl(url))
        self._options: dict[str, Any] = {
            "session_store": FileSessionStore(folder),
            "auto_save": True,
            "permissive": True,
        }
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The session; a new one at the first use."""
        if self._session is None:
            self._session = self._agent.session(".", session_id=ID, **self._options)
        return self._session

    def do(self, order: str, *args: Any) -> Any:
        """The answer to an order."""
        match order:
            case "ask":
                answer = by_stream(self.session, args[0])
                problems = [getattr(event, "error", "") for event in answer.events]
                return {
                    "text": answer.text,
                    "error": answer.error,
                    "types": answer.types(),
                    "problem": next(filter(None, problems), ""),
                }
            case "tool":
                result = self.session.tool(args[0], args[1])
                return {"output": result.output, "exit_code": result.exit_code}
            case "save":
                return self._tried(self.session.save)
            case "resume":
                return self._tried(self._resume)
            case "full":
                return set_room(args[0])
            case "room":
                return set_room(None)
            case "obey":
                return obey_permission_bits()
        raise ValueError(order)

    def _resume(self) -> None:
        self._session = self._agent.resume_session(ID, **self._options)

    def _tried(self, act: Any) -> str:
        try:
            act()
        except A3SError as error:
            return str(error)
        return ""


def main() -> None:
    worker = Worker(*sys.argv[1:])
    for line in sys.stdin:
        sys.stdout.write(json.dumps(worker.do(*json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
