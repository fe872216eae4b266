"""What is sent for a `%%a3s` cell: the prompt, verbatim, and what it refers to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError

from a3s_code import Attachment, Session
from a3s_magics.attach import attached
from a3s_magics.images.log import Shown
from a3s_magics.options import PromptOptions
from a3s_magics.references import references, user_variables


@dataclass(frozen=True, slots=True)
class Request:
    """`text` is the prompt, followed by what the model is told about the variables it names.

    `remark` tells the reader what went along, "" for nothing.
    """

    text: str
    attachments: tuple[Attachment, ...] = ()
    remark: str = ""

    def stream(self, session: Session, options: PromptOptions) -> Any:
        """Send it; the events of the turn."""
        if options.btw:
            return session.stream(f"/btw {self.text}")
        if self.attachments:
            return session.stream_with_attachments(
                self.text, self.attachments, max_rounds=options.max_rounds, plan=options.plan
            )
        return session.stream(self.text, max_rounds=options.max_rounds, plan=options.plan)


def scheduled(prompt: str) -> Request:
    """The request for a scheduled prompt, which is sent as it stands."""
    return Request(text=prompt, remark=f"Scheduled: {prompt}")


def request(
    prompt: str, options: PromptOptions, *, shell: Any, shown: Iterable[Shown], session: Session
) -> Request:
    """The request for a prompt. Nothing is sent and nothing has changed.

    Raises `UsageError` in one line for what cannot be attached, also when the model in use takes
    no images.
    """
    variables = user_variables(shell)
    named = references(prompt, variables)
    images = attached(
        options.attach, named.images, shown=shown, variables=variables, folder=Path.cwd()
    )
    if images and options.btw:
        raise UsageError("%%a3s --btw: a side question takes no images")
    if images and not session.accepts_images:
        raise UsageError(
            f"%%a3s: model {session.model} does not accept images; "
            "choose one whose configuration says attachment = true"
        )
    went_along = [image.name for image in images]
    went_along += [f"@{name}" for name in named.names if name not in went_along]
    return Request(
        text=f"{prompt}\n\n{named.context}" if named.context else prompt,
        attachments=tuple(image.attachment for image in images),
        remark=f"Sent along: {', '.join(went_along)}" if went_along else "",
    )
