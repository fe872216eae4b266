"""Text as it comes, for IPython in a terminal and for `jupyter console`."""

from __future__ import annotations

import sys

from a3s_magics.cards import headline, parts, sign, standing
from a3s_magics.child_card import child_sign, child_standing, child_title
from a3s_magics.counted import counted
from a3s_magics.inert import oneline
from a3s_magics.painters.outputs import show
from a3s_magics.painters.protocol import Bundle
from a3s_magics.plan_card import heading_text, plan_text
from a3s_magics.sanitise import without_controls
from a3s_magics.static import failure_text
from a3s_magics.statusline import Surroundings, status_line
from a3s_magics.transcript import (
    Child,
    Failure,
    Notice,
    Plan,
    Segment,
    StepHeading,
    Text,
    ToolCall,
    Transcript,
)

_OUTPUT_LINES = 8


class TerminalPainter:
    """Prints what is new; what was printed stays. `with_record` also leaves the record (kernels)."""

    paints_aside = False  # stdout is the code's meanwhile
    interval_s = 0.05

    def __init__(self, *, with_record: bool) -> None:
        self._with_record = with_record
        self._shown = 0  # segments that are complete on screen
        self._pieces = 0  # of the text segment that is being printed
        self._last = "\n"
        self._seen: set[str] = set()  # calls whose beginning was announced

    def begin(self, view: Transcript, around: Surroundings) -> None:
        """Nothing to show yet."""

    def paint(self, view: Transcript, around: Surroundings) -> None:
        """Print everything that is certain by now."""
        for at, part in enumerate(view.segments):
            if at < self._shown:
                continue
            last = at == len(view.segments) - 1
            if not self._print(part, over=not last or view.outcome is not None):
                break
            self._shown, self._pieces = at + 1, 0
        sys.stdout.flush()

    def finish(self, view: Transcript, around: Surroundings, bundle: Bundle) -> None:
        """Print the rest and the status line."""
        self.paint(view, around)
        self._line(f"[{status_line(view, around)}]")
        if self._with_record:
            record = {mime: data for mime, data in bundle.items() if not mime.startswith("text/")}
            show({**record, "text/plain": ""})

    def abandon(self) -> None:
        """Nothing was shown."""

    def _print(self, part: Segment, *, over: bool) -> bool:
        """Print what is new of one segment; True when nothing more can come of it."""
        match part:
            case Text(content=content):
                self._write(without_controls(content.after(self._pieces)))
                self._pieces = content.count
                return over
            case ToolCall():
                return self._print_call(part)
            case Notice(text=text):
                if over:
                    self._line(f"({without_controls(text)})")
                return over
            case Plan():
                return self._print_plan(part, over=over)
            case StepHeading():
                if over:  # until then further steps may begin with it
                    self._line(f"[{heading_text(part)}]")
                return over
            case Child():
                return self._print_child(part)
            case Failure():
                self._line(failure_text(part))
        return True

    def _print_call(self, call: ToolCall) -> bool:
        if call.state in ("running", "asking") and call.tool_id not in self._seen:
            self._seen.add(call.tool_id)
            self._line(f"● {call.name} {headline(call)}")
        if not call.over and call.state != "cancelled":
            return False
        announced = call.tool_id in self._seen
        name = call.name if announced else f"{call.name} {headline(call)}"
        self._line(f"{sign(call)} {name} ({standing(call)})")
        for piece in parts(call):
            if piece.language in ("text", "diff"):
                lines = piece.text.split("\n")
                for line in lines[:_OUTPUT_LINES]:
                    self._line(f"    {line}")
                if len(lines) > _OUTPUT_LINES:
                    self._line(f"    … {counted(len(lines) - _OUTPUT_LINES, 'more line')}")
        return True

    def _print_plan(self, plan: Plan, *, over: bool) -> bool:
        """The plan as it was made; headings tell how it goes on."""
        ready = bool(plan.steps) or over
        if ready and (text := plan_text(plan)):
            self._line(text)
        return ready

    def _print_child(self, child: Child) -> bool:
        if child.task_id not in self._seen:
            self._seen.add(child.task_id)
            self._line(f"● {oneline(child.agent)}: {child_title(child)}")
        if child.view.outcome is None:
            return False
        self._line(f"{child_sign(child)} {oneline(child.agent)} ({child_standing(child)})")
        return True

    def _line(self, text: str) -> None:
        if self._last != "\n":
            self._write("\n")
        self._write(f"{text}\n")

    def _write(self, text: str) -> None:
        if text:
            sys.stdout.write(text)
            self._last = text[-1]
