"""Scores, words, tiers, and what to forget: the parts without files."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.config.model import RelevanceSettings
from a3s_code.memory.index import MemoryIndex, PrunePolicy
from a3s_code.memory.item import MemoryItem
from a3s_code.memory.scoring import score
from a3s_code.memory.tiers import ShortTerm, Working
from a3s_code.memory.words import content_words, may_contain, significant_words

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
DEFAULTS = RelevanceSettings()


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


@pytest.mark.parametrize(
    ("importance", "age_days", "expected"),
    [
        (1.0, 0, 1.0),
        (0.0, 0, 0.3),
        (0.5, 0, 0.65),
        (1.0, 30, 0.7 + 0.3 / math.e),
        (0.0, 60, 0.3 / math.e**2),
        (0.5, -5, 0.65),
    ],
)
def test_score(importance: float, age_days: float, expected: float) -> None:
    assert score(importance, days_ago(age_days), NOW, DEFAULTS) == pytest.approx(expected)


def test_score_with_configured_weights() -> None:
    settings = RelevanceSettings(decay_days=10, importance_weight=0.2, recency_weight=0.8)
    assert score(1.0, days_ago(10), NOW, settings) == pytest.approx(0.2 + 0.8 / math.e)
    fading_at_once = RelevanceSettings(decay_days=0)
    assert score(0.0, NOW, NOW, fading_at_once) == 0.3
    assert score(0.0, days_ago(1), NOW, fading_at_once) == 0.0


@given(st.floats(0, 1), st.floats(0, 5000))
def test_scores_with_default_weights_lie_between_0_and_1(importance: float, age: float) -> None:
    assert 0.0 <= score(importance, days_ago(age), NOW, DEFAULTS) <= 1.0 + 1e-9


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Where do we deploy?", {"deploy"}),
        ("Deployments go to the STAGING cluster.", {"deploy", "stag", "clust"}),
        ("deployed deploying deploys", {"deploy"}),
        ("database databases", {"databas"}),
        ("query queries city cities", {"query", "city"}),
        ("what should we do now", set()),
        ("it is v2 of my_module", {"v2", "modul"}),
        ("部署在哪里", {"部署", "署在", "在哪", "哪里"}),
        ("", set()),
    ],
)
def test_significant_words(text: str, words: set[str]) -> None:
    assert significant_words(text) == words


@given(st.text() | st.sampled_from(["Queries", "cities deployed", "policies: 部署"]))
def test_the_quick_look_misses_nothing(text: str) -> None:
    assert all(may_contain(text.lower(), [word]) for word in significant_words(text))
    assert not may_contain("abc", ["abd"])


def test_labels_of_remembered_results_are_no_words() -> None:
    content = "success: sort the list\ntools: none\nresult: done, see result"
    assert content_words(content) == {"sort", "list", "result"}


def test_short_term_drops_the_oldest() -> None:
    tier = ShortTerm(3)
    for name in "abcd":
        tier.add(MemoryItem(name, id=name))
    tier.add(MemoryItem("again", id="b"))
    assert [item.content for item in tier.items()] == ["c", "d", "again"]
    tier.add(MemoryItem("e"))
    assert [item.content for item in tier.items()] == ["d", "again", "e"]
    assert (tier.clear(), tier.items()) == (3, [])


def test_working_drops_the_lowest_score() -> None:
    tier = Working(2)
    for name, importance in [("a", 0.9), ("b", 0.1), ("c", 0.5)]:
        tier.add(MemoryItem(name, importance, timestamp=NOW), NOW, DEFAULTS)
    assert [item.content for item in tier.items()] == ["a", "c"]
    tier.add(MemoryItem("worse", 0.0, timestamp=NOW), NOW, DEFAULTS)
    assert [item.content for item in tier.items()] == ["a", "c"]


def test_working_ranks_with_the_configured_weights() -> None:
    tier = Working(1)
    recency = RelevanceSettings(importance_weight=0.0, recency_weight=1.0)
    tier.add(MemoryItem("old but important", 1.0, timestamp=days_ago(9)), NOW, recency)
    tier.add(MemoryItem("new", 0.0, timestamp=NOW), NOW, recency)
    assert [item.content for item in tier.items()] == ["new"]


@pytest.fixture
def index() -> MemoryIndex:
    index = MemoryIndex()
    for name, importance, age in [
        ("old dull", 0.1, 200),
        ("old dear", 0.9, 200),
        ("new dull", 0.1, 0),
        ("edge dull", 0.49, 91),
        ("edge fair", 0.5, 91),
    ]:
        index.add(MemoryItem(name, importance, id=name, timestamp=days_ago(age)))
    return index


def test_prune_drops_what_is_both_old_and_dull(index: MemoryIndex) -> None:
    assert set(index.to_prune(PrunePolicy(), NOW, DEFAULTS)) == {"old dull", "edge dull"}


def test_prune_keeps_the_best_scored(index: MemoryIndex) -> None:
    pruned = index.to_prune(PrunePolicy(max_items=2), NOW, DEFAULTS)
    assert set(pruned) == {"old dull", "edge dull", "edge fair"}


def test_shared_words_count_before_the_score() -> None:
    index = MemoryIndex()
    index.add(MemoryItem("staging cluster", 0.1, id="two", timestamp=days_ago(50)))
    index.add(MemoryItem("the cluster", 1.0, id="one", timestamp=NOW))
    index.add(MemoryItem("cluster again", 0.2, id="less", timestamp=NOW))
    index.add(MemoryItem("unrelated", 1.0, id="none", timestamp=NOW))
    words = significant_words("Which staging clusters?")
    assert index.by_words(words, NOW, DEFAULTS) == ["two", "one", "less"]
