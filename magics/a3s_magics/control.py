"""`%a3s <command>`: the session's state, and what can be done to it, in a line each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from IPython.core.error import UsageError

from a3s_code import Session, describe_config
from a3s_magics.check import Check, page
from a3s_magics.counted import counted
from a3s_magics.doctor import report
from a3s_magics.home import Home, Settings
from a3s_magics.options import one_line
from a3s_magics.problems import said_in_one_line
from a3s_magics.replay import replaying
from a3s_magics.sanitise import terminal_text
from a3s_magics.session_list import session_list
from a3s_magics.slash import refuse_unknown
from a3s_magics.wrapping import row

_PROMPT_CHARS = 100


@dataclass(frozen=True, slots=True)
class Control:
    """Runs commands and returns the text to show."""

    home: Home
    settings: Settings
    set_model: Callable[[str], None]
    look: Callable[[], Iterable[Check]]
    kernel: Any = None

    def run(self, line: str) -> str:
        """The answer to one line. Raises `UsageError` for a command or argument that is none."""
        line = line.strip()
        name, _, rest = line.partition(" ")
        if name in ("", "-h", "--help", "help"):
            return HELP
        if name.startswith("/"):
            return self._slash(line)
        if wants_help(line):
            return _help_of(name)
        command = _COMMANDS.get(name)
        if command is None:
            raise UsageError(f"%a3s: unknown command {name!r}; %a3s --help lists them")
        rest = rest.strip()
        if rest and name not in _ARGUMENTS:
            raise UsageError(f"%a3s {name}: unexpected {one_line(rest)!r}; it takes nothing else")
        if name in _ONE_WORD and len(rest.split()) > 1:
            extra = one_line(rest.split(maxsplit=1)[1])
            raise UsageError(f"%a3s {name}: unexpected {extra!r}; it takes nothing else")
        with said_in_one_line():
            return command(self, rest)

    def _slash(self, line: str) -> str:
        with said_in_one_line():
            session = self.home.session(self.settings)
            refuse_unknown(session, line, "%a3s")
            return str(session.send(line))

    def status(self, _rest: str) -> str:
        """What answers, where, and how much so far."""
        session = self.home.session(self.settings)
        messages = session.history()
        rows = {
            "model": session.model,
            "configuration": self.home.origin,
            "workspace": session.workspace,
            "notebook": str(self.home.notebook or "none"),
            "session": " ".join(filter(None, [self.home.name, session.session_id])),
            "conversation": counted(len(messages), "message"),
            "tokens": f"{session.usage.total_tokens:,}",
            "cost": f"${session.cost_usd:.4f}",
            "state": "busy" if session.busy else "ready",
        }
        if self.home.approved_tools:
            rows["approved"] = ", ".join(sorted(self.home.approved_tools))
        return _table(rows)

    def model(self, selector: str) -> str:
        """Show the model, or switch to another."""
        session = self.home.session(self.settings)
        if not selector:
            return session.model
        session.use_model(selector)
        self.set_model(selector)
        return f"model: {session.model}"

    def models(self, _rest: str) -> str:
        """All configured models; the one in use is marked."""
        session = self.home.session(self.settings)
        names = self.home.agent(self.settings).models()
        return "\n".join(f"{'*' if name == session.model else ' '} {name}" for name in names)

    def tools(self, _rest: str) -> str:
        """The tools of the agent, each with its first sentence."""
        definitions = self.home.session(self.settings).tool_definitions()
        rows = {
            str(tool["name"]): _first_sentence(str(tool["description"])) for tool in definitions
        }
        width = max(map(len, rows))
        return "\n".join(row(name, width, explained) for name, explained in rows.items())

    def history(self, _rest: str) -> str:
        """The conversation, one line per message."""
        messages = self.home.session(self.settings).history()
        if not messages:
            return "The conversation is empty."
        return "\n".join(f"{at:3} {_message_line(m)}" for at, m in enumerate(messages, start=1))

    def reset(self, _rest: str) -> str:
        """Start anew: conversation and approvals are forgotten, the configuration is read again."""
        removed = self.home.reset(self.settings)
        were = "was" if removed == 1 else "were"
        return f"A new conversation begins; {counted(removed, 'message')} {were} forgotten."

    def cost(self, _rest: str) -> str:
        """Tokens and money of this session."""
        session = self.home.session(self.settings)
        usage = session.usage
        return (
            f"{usage.total_tokens:,} tokens ({usage.prompt_tokens:,} in, "
            f"{usage.completion_tokens:,} out), ${session.cost_usd:.4f}"
        )

    def cancel(self, _rest: str) -> str:
        """Stop what is running."""
        started = self.home.started
        return "Cancelled." if started and started.cancel() else "Nothing is running."

    def sessions(self, which: str) -> str:
        """The saved sessions, this notebook's own names first; the one in use is marked."""
        if which not in ("", "all"):
            raise UsageError(f"%a3s sessions: unexpected {one_line(which)!r}; use all, or nothing")
        return session_list(
            self.home.named_sessions(self.settings),
            self.home.session_summaries(self.settings),
            self.home.session(self.settings).session_id,
            everything=which == "all",
        )

    def save(self, _rest: str) -> str:
        """Save the session now; a notebook's is saved after every turn anyway."""
        if replaying():
            return "Nothing was saved: A3S_REPLAY is set, and the notebook has every turn."
        session = self.home.session(self.settings)
        session.save()
        if session.session_id not in self.home.saved_sessions(self.settings):
            return "Nothing was saved: the configuration keeps sessions in memory."
        return f"Saved as {session.session_id}."

    def resume(self, name: str) -> str:
        """Go on with a saved session, by its name or the beginning of its id."""
        if not name:
            raise UsageError("%a3s resume: the session is missing; %a3s sessions lists them")
        if name in self.home.named_sessions(self.settings):
            return self._resumed(name, self.home.change(self.settings, name))
        saved = self.home.saved_sessions(self.settings)
        fitting = [known for known in saved if known.startswith(name)]
        if name in saved:
            fitting = [name]
        if len(fitting) > 1:
            raise UsageError(f"%a3s resume: {len(fitting)} sessions begin with {name!r}")
        session = self.home.resume(self.settings, fitting[0] if fitting else name)
        return self._resumed(session.session_id, session)

    def _resumed(self, name: str, session: Session) -> str:
        self.home.greeted()
        return f"session: {name}, {counted(len(session.history()), 'message')}"

    def mode(self, wanted: str) -> str:
        """Show what plain cells are in an A3S kernel, or change it."""
        if not hasattr(self.kernel, "a3s_mode"):
            raise UsageError("%a3s mode: only the A3S kernels have modes; here %%a3s sends a cell")
        try:
            if wanted:
                self.kernel.a3s_mode = wanted
        except ValueError as error:
            raise UsageError(f"%a3s mode: {error}") from None
        return f"mode: {self.kernel.a3s_mode}"

    def config(self, _rest: str) -> str:
        """The configuration in use and where it comes from; no keys."""
        config = self.home.agent(self.settings).config
        rows = [("configuration", self.home.origin), *describe_config(config)]
        width = max(len(name) for name, _value in rows)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)

    def btw(self, question: str) -> str:
        """A side question that the conversation never sees."""
        if not question:
            raise UsageError("%a3s btw: the question is missing")
        if replaying():
            raise UsageError("%a3s btw: A3S_REPLAY is set, and side questions are not recorded")
        session = self.home.session(self.settings)
        for line in self.home.take_remarks():  # what is to be known before anything is sent
            sys.stdout.write(f"{terminal_text(line)}\n")
        return terminal_text(str(session.btw(question)))

    def doctor(self, _rest: str) -> str:
        """What is in use and what is missing; no keys."""
        folder = self.home.folder(self.settings)
        return page(report(folder, self.look(), model=self.settings.model))


_COMMANDS: dict[str, Callable[[Control, str], str]] = {
    "status": Control.status,
    "model": Control.model,
    "models": Control.models,
    "tools": Control.tools,
    "history": Control.history,
    "reset": Control.reset,
    "cost": Control.cost,
    "sessions": Control.sessions,
    "save": Control.save,
    "resume": Control.resume,
    "cancel": Control.cancel,
    "config": Control.config,
    "btw": Control.btw,
    "mode": Control.mode,
    "doctor": Control.doctor,
}
_ARGUMENTS = {
    "model": "[PROVIDER/MODEL]",
    "resume": "SESSION",
    "sessions": "[all]",
    "btw": "QUESTION",
    "mode": "[prompt|python]",
    "explore": "[TOOL]",
}
_ONE_WORD = frozenset({"model", "resume", "mode"})
# These show more than a text; the magic itself answers them.
_SHOWN = {
    "images": "Pictures of this notebook that can be attached to a prompt.",
    "explore": "A form for calling a tool by hand.",
}
VERBS = (*_COMMANDS, *_SHOWN)

# What `%a3s` is followed by, and what that does.
COMMANDS = tuple(
    (f"{name} {_ARGUMENTS.get(name, '')}".rstrip(), explained)
    for name, explained in (
        *((name, str(command.__doc__)) for name, command in _COMMANDS.items()),
        *_SHOWN.items(),
    )
)

HELP = "\n".join(
    [
        "usage: %a3s COMMAND",
        "",
        *(row(f"  {line}", 25, explained) for line, explained in COMMANDS),
        row("  /COMMAND", 25, "A slash command of the session, such as /help."),
        "",
        "%%a3s --help explains how to send a prompt; %a3s_read, %a3s_bash and the others call a tool.",
    ]
)


def wants_help(line: str) -> bool:
    """Whether a line asks what one of the commands does, instead of giving it."""
    name, _, rest = line.strip().partition(" ")
    return name in VERBS and rest.strip() in ("-h", "--help")


def _help_of(name: str) -> str:
    command = _COMMANDS.get(name)
    explained = command.__doc__ if command is not None else _SHOWN[name]
    return f"usage: %a3s {name} {_ARGUMENTS.get(name, '')}".rstrip() + f"\n\n{explained}"


def _table(rows: Mapping[str, str]) -> str:
    width = max(map(len, rows), default=0)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows.items())


def _first_sentence(text: str) -> str:
    line = " ".join(text.split())
    end = line.find(". ")
    return line if end < 0 else line[: end + 1]


def _message_line(message: Mapping[str, Any]) -> str:
    told = []
    for block in message.get("content", ()):
        match block.get("type"):
            case "text":
                told.append(block["text"])
            case "tool_use":
                told.append(f"[calls {block['name']}]")
            case "tool_result":
                told.append("[tool result]")
            case kind:
                told.append(f"[{kind}]")
    line = " ".join(terminal_text(" ".join(told)).split())
    line = line if len(line) <= _PROMPT_CHARS else f"{line[:_PROMPT_CHARS]}…"
    return f"{message.get('role', '?'):<9} {line}"
