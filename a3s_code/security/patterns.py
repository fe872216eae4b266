r"""What counts as a sensitive value, and what looks like an injected instruction.

Texts come from models and files, so every expression here takes time that grows only with the
text's length: quantifiers that could be entered from many places are possessive and swallow what
they have tried. Word boundaries are those of ASCII, so that a value is also found directly behind a
letter of a script that is written without spaces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from a3s_code.errors import InvalidArgument

_B = r"(?a:\b)"
_BASE64URL = r"[A-Za-z0-9_-]"


@dataclass(frozen=True, slots=True)
class Redaction:
    """A kind of sensitive value: its name, how it looks, and what is put in its place.

    A match that fills the group `other` is not a value after all. `needs` is a text without which
    nothing can match.
    """

    name: str
    regex: re.Pattern[str]
    token: str
    needs: str = ""

    def is_value(self, match: re.Match[str]) -> bool:
        """Whether the match is a value of this kind."""
        return "other" not in self.regex.groupindex or match["other"] is None


# The specific ones come first: the loose form of a telephone number would bite into the others.
REDACTIONS = (
    Redaction(
        "jwt",
        re.compile(
            rf"{_B}eyJ{_BASE64URL}++"
            rf"(?:\.eyJ{_BASE64URL}++\.{_BASE64URL}+{_B}|(?P<other>))"
        ),
        "[REDACTED:JWT]",
        needs=".eyJ",
    ),
    Redaction(
        "github_token",
        re.compile(rf"{_B}gh[pousr]_[A-Za-z0-9]{{36,}}{_B}"),
        "[REDACTED:GITHUB_TOKEN]",
    ),
    Redaction("aws_key", re.compile(rf"{_B}AKIA[0-9A-Z]{{16}}{_B}"), "[REDACTED:AWS_KEY]"),
    Redaction(
        "api_key",
        re.compile(
            rf"{_B}(?:sk-(?:ant|proj|svcacct)-{_BASE64URL}{{16,}}"
            rf"|[sp]k[-_][A-Za-z0-9]{{20,}}{_B})"
        ),
        "[REDACTED:API_KEY]",
    ),
    Redaction(
        "email",
        re.compile(
            rf"{_B}[A-Za-z0-9._%+-]++"
            rf"(?:@[A-Za-z0-9.-]+\.[A-Za-z]{{2,}}{_B}|(?P<other>))"
        ),
        "[REDACTED:EMAIL]",
        needs="@",
    ),
    Redaction("ssn", re.compile(rf"{_B}[0-9]{{3}}-[0-9]{{2}}-[0-9]{{4}}{_B}"), "[REDACTED:SSN]"),
    Redaction(
        "credit_card",
        re.compile(rf"{_B}[0-9]{{4}}(?:[-\s]?[0-9]{{4}}){{3}}{_B}"),
        "[REDACTED:CC]",
    ),
    Redaction(
        "phone",
        re.compile(
            r"(?<![A-Za-z0-9_])(?:\+[0-9]{1,3}[-.\s]?)?"
            rf"\(?[0-9]{{3}}\)?[-.\s]?[0-9]{{3}}[-.\s]?[0-9]{{4}}{_B}"
        ),
        "[REDACTED:PHONE]",
    ),
)

# Without one of these no expression above can match: most texts are done with after this look.
SUSPECT = re.compile(r"[0-9]{3}|@|AKIA|eyJ|gh[pousr]_|[sp]k[-_]")

# The beginning of a value of any length that the end of the text leaves open. A word boundary is not
# asked for: what stands before may yet be replaced by a token.
UNFINISHED = re.compile(
    rf"(?:eyJ{_BASE64URL}*+(?:\.(?:ey?|eyJ{_BASE64URL}*+(?:\.{_BASE64URL}*+)?)?)?"
    r"|gh[pousr]_[A-Za-z0-9]*+|[sp]k[-_][A-Za-z0-9]*+"
    rf"|sk-(?:ant|proj|svcacct)-{_BASE64URL}*+)\Z"
)

# Places in a text that no value of the kinds above reaches across, whatever follows: behind a
# character that occurs in none of them, and behind white space that is not between the groups of a
# card or telephone number, of which the first has three digits, or one or two after a plus.
_SPACE_BREAK = (
    r"(?<=\s)(?:(?=[^0-9(])"
    r"|(?<![0-9]{3}\s)(?<!\)\s)(?<!\+[0-9]\s)(?<!\+[0-9]{2}\s))"
)
LOOK_BEHIND = 4  # characters before a place that decide about it
BREAKS = re.compile(rf"(?s:.*)(?:(?<=[^A-Za-z0-9_.%+@()\-\s])|{_SPACE_BREAK})")
SPACE_BREAKS = re.compile(rf"(?s:.*)(?:{_SPACE_BREAK})")
BREAKS_ANYWHERE = re.compile(r"(?s:.*)")

# An expression of these signs only: none of them can match white space or depends on it.
_SPACELESS = re.compile(r"(?:\\[dwbB]|\\[!-/:-@\[-`{-~]|[!-#%-\-/-\[\]_-~])*+")

INJECTIONS = {
    name: re.compile(source, re.IGNORECASE)
    for name, source in {
        "ignore_instructions": r"ignore\s+(?:all\s+)?(?:previous|prior)\s+instructions?",
        "disregard_context": (
            r"disregard\s+(?:all\s+)?(?:prior|previous)\s+(?:context|instructions?)"
        ),
        "mode_switch": r"you\s+are\s+now\s+(?:in\s+)?(?:developer|admin|debug)\s+mode",
        "forget_everything": r"forget\s+(?:everything|all)\s+(?:you|we)\s+(?:learned|discussed)",
        "new_instructions": r"new\s+instructions?:",
        "prompt_override": r"system\s+prompt\s+override",
    }.items()
}


def custom_redaction(name: str, regex: str | re.Pattern[str], token: str) -> Redaction:
    """A redaction of the user's own.

    Raises `InvalidArgument` for an expression that cannot be read or that matches the empty text.
    """
    if not isinstance(name, str) or not isinstance(token, str):
        raise InvalidArgument(f"name and token of a security pattern must be text: {name!r}")
    if not name:
        raise InvalidArgument("a security pattern needs a name")
    try:
        compiled = re.compile(regex)
    except (re.error, TypeError) as error:
        raise InvalidArgument(f"security pattern {name!r}: {error}") from error
    if not isinstance(compiled.pattern, str):
        raise InvalidArgument(f"security pattern {name!r}: the expression must be for text")
    if compiled.search("") is not None:
        raise InvalidArgument(f"security pattern {name!r} matches the empty text")
    if "other" in compiled.groupindex:
        raise InvalidArgument(f"security pattern {name!r}: a group cannot be called 'other'")
    return Redaction(name, compiled, token)


def never_spans_space(redaction: Redaction) -> bool:
    """Whether values of this kind surely hold no white space; in doubt False."""
    return _SPACELESS.fullmatch(redaction.regex.pattern) is not None
