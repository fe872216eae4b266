"""The magics as IPython sees them. Whatever is heavy is imported when it is first needed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from traitlets import Bool, Enum, TraitError, Unicode, validate

from a3s_magics.interrupt import TurnInterrupt
from a3s_magics.matcher import make_matcher
from a3s_magics.tool_magics import ToolMagics
from a3s_magics.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from a3s_code import Session, ToolResult
    from a3s_magics.check import Check
    from a3s_magics.ended_views import EndedViews
    from a3s_magics.home import Home, Settings
    from a3s_magics.images.gallery import Gallery
    from a3s_magics.lane import Lane
    from a3s_magics.notebook_access import Notebook
    from a3s_magics.result import TurnResult

_SHUT_DOWN_S = 3.0


@magics_class
class A3SMagics(Magics):
    """Settings of the A3S magics; `%config A3SMagics.ui = "display"` sets one."""

    ui = Enum(
        ["", "widgets", "display", "final", "terminal"],
        default_value="",
        help="How turns are shown; empty: by what the front end can do.",
    ).tag(config=True)
    model = Unicode(
        "", help="provider/model that answers; empty: the configuration's default."
    ).tag(config=True)
    workspace = Unicode(
        "", help="Folder the agent works in; empty: the notebook's, else the working directory."
    ).tag(config=True)
    plan = Bool(
        False, help="Make a plan before working on a prompt; %%a3s --no-plan makes an exception."
    ).tag(config=True)
    notebook_tools = Bool(
        True,
        help="Offer the agent the tools python, variables, cells and last_error of this notebook.",
    ).tag(config=True)

    def __init__(self, shell: Any) -> None:
        self._made = False
        super().__init__(shell=shell)
        self._made = True
        self._shell = shell  # upstream types `shell` as optional
        self._home: Home | None = None
        self._lane: Lane | None = None
        self._ended = self._watch_pages()
        self._notebook: Notebook | None = None
        self._watch = Watch(shell)
        self.tools = ToolMagics(shell, self.tool_line, self.tool_help)
        self.match = make_matcher(self._known)

    @validate("workspace")
    def _existing_folder(self, proposal: Any) -> str:
        """Refuse at once what no session could work in.

        A configuration file may name what is not there yet: it must not keep the magics from loading.
        """
        folder: str = proposal["value"]
        if folder and self._made:
            from a3s_magics.home import is_folder

            if not is_folder(folder):
                raise TraitError(f"A3SMagics.workspace: {folder!r} is not an existing folder")
        return folder

    @no_var_expand
    @line_cell_magic
    def a3s(self, line: str, cell: str | None = None) -> Gallery | None:
        """Send the cell to the agent (`%%a3s`), or control the session (`%a3s status`).

        `%%a3s --help` and `%a3s --help` list the options and the commands.
        """
        if cell is None:
            return self._control(line)
        self._watch.cells.prompted(cell)
        with TurnInterrupt() as interrupt:
            self._prompt(line, cell, interrupt)
        return None

    def session(self) -> Session:
        """The session; made when there is none."""
        return self._get_home().session(self._settings())

    def explore(self, tool: str) -> None:
        """Show the form of a tool. Raises `UsageError` where no form can be used."""
        from a3s_magics.problems import said_in_one_line

        if getattr(self._shell, "kernel", None) is None:
            raise UsageError("%a3s explore needs a notebook; %a3s_read --help works everywhere")
        with said_in_one_line():
            from a3s_magics.explorer import Explorer
            from a3s_magics.painters.outputs import show

            show(Explorer(self.session, tool, self._call).bundle())

    def tool_line(self, tool: str, line: str, body: str | None = None) -> Any:
        """The value of `%a3s_<tool> <line>`, and of `%%a3s_<tool> <line>` with its body."""
        from a3s_magics.options import HelpWanted
        from a3s_magics.problems import TurnCancelled, said_in_one_line
        from a3s_magics.tool_lines import run_tool_line

        try:
            with said_in_one_line():
                return run_tool_line(self.session(), self._call, tool, line, body)
        except HelpWanted as help_text:
            _say(str(help_text))
            return None
        except KeyboardInterrupt:
            raise TurnCancelled(f"%a3s_{tool} was stopped") from None

    def _call(self, tool: str, args: Mapping[str, Any]) -> ToolResult:
        return self._get_notebook().call(self.session(), tool, args)

    def tool_help(self, tool: str) -> str | None:
        """What Shift-Tab shows for `%a3s_<tool>`; None when there can be no session now."""
        from a3s_code import A3SError
        from a3s_magics.tool_lines import tool_help

        try:
            return tool_help(self.session(), tool)
        except (A3SError, UsageError):
            return None

    def look_for_tools(self, *_event: Any) -> None:
        """Give tools that have come since, from a server or from the user, their magics."""
        if self._home is not None and self._home.started is not None:
            self.tools.register(self._home.started.tool_names())

    def slash_commands(self) -> list[str]:
        """The session's commands, as they are typed; none when there can be no session now."""
        from a3s_code import A3SError

        try:
            session = self._get_home().session(self._settings())
        except A3SError:
            return []
        return [f"/{str(entry['name']).removeprefix('/')}" for entry in session.list_commands()]

    def shut_down(self) -> None:
        """Before the kernel ends: stop what is running and save. Any thread; a few seconds at most."""
        if self._home is not None:
            self._home.shut_down(_SHUT_DOWN_S)

    def close(self) -> None:
        """End the session and give the kernel its own message handling back."""
        self._watch.close()
        if self._lane is not None:
            self._lane.uninstall()
            self._lane = None
        if self._ended is not None:
            self._ended.unwatch()
            self._ended = None
        if self._home is not None:
            self._home.close()
            self._home = None

    def _prompt(self, line: str, cell: str, interrupt: TurnInterrupt) -> None:
        from a3s_magics.options import HelpWanted, parse_prompt_options
        from a3s_magics.prompt_cell import Cell, run_prompt

        try:
            options = parse_prompt_options(line)
        except HelpWanted as help_text:
            _say(str(help_text))
            return

        def keep(result: TurnResult) -> None:
            if options.out:
                self._shell.user_ns[options.out] = result
            # `_` and Out[n], without showing the value: the answer is on screen already.
            self._shell.displayhook.update_user_ns(result)

        sender = Cell(
            shell=self._shell,
            home=self._get_home(),
            settings=self._settings(),
            lane=self._get_lane(),
            interrupt=interrupt,
            notebook=self._get_notebook(),
            keep=keep,
        )
        # IPython ends a cell's body with a line break that the user did not type.
        run_prompt(cell.removesuffix("\n"), options, self.ui, sender)

    def _control(self, line: str) -> Gallery | None:
        from a3s_magics.control import Control, wants_help

        words = line.split()
        if words[:1] == ["images"] and not wants_help(line):
            return self._gallery(words[1:])
        if words[:1] == ["explore"] and not wants_help(line):
            self.explore(" ".join(words[1:]))
            return None
        kernel = getattr(self._shell, "kernel", None)
        control = Control(self._get_home(), self._settings(), self._set_model, self._here, kernel)
        _say(control.run(line))
        return None

    def _gallery(self, unexpected: list[str]) -> Gallery:
        from a3s_magics.images.gallery import Gallery

        if unexpected:
            raise UsageError(f"%a3s images: unexpected {' '.join(unexpected)!r}")
        return Gallery(tuple(self._watch.images))

    def _get_home(self) -> Home:
        if self._home is None:
            from a3s_magics.home import Home

            self._home = Home(
                self._shell.user_ns, lambda session: self._get_notebook().equip(session)
            )
        return self._home

    def _get_notebook(self) -> Notebook:
        if self._notebook is None:
            from a3s_magics.notebook_access import Notebook

            self._notebook = Notebook(self._shell, self._watch)
        self._notebook.wanted = self.notebook_tools
        return self._notebook

    def _get_lane(self) -> Lane | None:
        kernel = getattr(self._shell, "kernel", None)
        if self._lane is None and self._ended is not None:
            from a3s_magics.lane import Lane

            self._lane = Lane(kernel, self._ended)
        return self._lane

    def _watch_pages(self) -> EndedViews | None:
        """Pages are loaded before the first prompt, too. None without a kernel, which has no pages."""
        if getattr(self._shell, "kernel", None) is None:
            return None
        from a3s_magics.ended_views import EndedViews

        ended = EndedViews(self._shell)
        ended.watch()
        return ended

    def _settings(self) -> Settings:
        from a3s_magics.home import Settings

        return Settings(model=self.model, workspace=self.workspace, plan=self.plan)

    def _known(self) -> Any:
        from a3s_magics.known import ShellKnowledge

        images = self._watch.images
        return ShellKnowledge(self._shell, self._get_home, self._settings, self.tools, images)

    def _set_model(self, selector: str) -> None:
        self.model = selector

    def _here(self) -> Iterable[Check]:
        from a3s_magics.here import here

        return here(self._shell, self._get_home(), self._get_lane(), self._settings(), self.ui)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
