"""The words of a text that say what it is about, so that a question finds its answer."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

# Written without spaces between words; pairs of characters stand for words there.
_DENSE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
# Longest first: only one ending is cut.
_ENDINGS = ("ations", "ation", "ments", "ment", "ings", "ing", "ers", "er", "ed", "es", "s", "e")
_MIN_STEM = 4

# What `remember_success` and `remember_failure` put before the text proper.
_LABEL = re.compile(r"^(success|failure|tools|result|error): ", re.MULTILINE)

_COMMON = frozenset(
    re.findall(
        r"\w+",
        """
    about above after again all also and any anything are aren around because been before being
    below between both but can cannot could did didn does doesn doing don done down each else even
    ever every few for from further get gets give given goes going got had has have having her here
    hers him his how however into isn its itself just know let like make many may maybe mean might
    more most much must need never none nor not nothing now off once one only onto other our ours
    out over own per please put same say see shall she should show some something such sure take
    tell than that the their theirs them then there these they thing things think this those
    through thus too under until upon use used using very via want was way well were what whatever
    when where whether which while who whom whose why will with within without won would yes yet you
    your yours
        """,
    )
)


def significant_words(text: str) -> frozenset[str]:
    """Stems of the words that are not merely grammar, in lower case.

    Forms of a word share a stem ("deploy", "deployed", "deployments"). Words of two letters count
    only with a digit in them. Text without spaces between words is taken in pairs of characters.
    """
    words, first_dense = _patterns()
    found: set[str] = set()
    for word in set(words.findall(text.lower())):
        if first_dense.match(word):
            found.update(word[at : at + 2] for at in range(max(1, len(word) - 1)))
        elif _tells(word):
            found.add(_stem(word))
    return frozenset(found)


def content_words(content_lower: str) -> frozenset[str]:
    """The significant words of an item's content in lower case, without the labels of its lines."""
    return significant_words(_LABEL.sub("", content_lower))


def may_contain(text_lower: str, stems: Iterable[str]) -> bool:
    """Whether a text can have a word with one of these stems: quick, and never wrongly False."""
    return any(stem.removesuffix("y") in text_lower for stem in stems)


@functools.cache  # compiled at the first use: the large sets of characters take their time
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """For words, and for what a word without spaces around it begins with."""
    return re.compile(f"[{_DENSE}]+|[^\\W_{_DENSE}]+"), re.compile(f"[{_DENSE}]")


def _tells(word: str) -> bool:
    if len(word) < 3:
        return len(word) == 2 and any(character.isdigit() for character in word)
    return word not in _COMMON


@functools.lru_cache(maxsize=20_000)  # the same words come in one item after the other
def _stem(word: str) -> str:
    if word.endswith("ies") and len(word) > _MIN_STEM:
        return word.removesuffix("ies") + "y"
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_STEM:
            return word.removesuffix(ending)
    return word
