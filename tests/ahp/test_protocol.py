"""The protocol's messages: what is sent, and that nothing a harness answers gets past its errors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a3s_code.ahp import protocol
from a3s_code.ahp.protocol import Allow, Block, Defer, Escalate, Modify, ProtocolError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
WORDS = st.sampled_from(["allow", "block", "modify", "defer", "escalate", "perhaps"])


@pytest.mark.parametrize(
    ("result", "decision"),
    [
        ({"decision": "allow"}, Allow()),
        ({"decision": "allow", "modified_payload": {"a": 1}}, Modify({"a": 1})),
        ({"decision": "block"}, Block("Blocked by supervision")),
        ({"decision": "block", "reason": " no\n\x1bway "}, Block("no way")),
        ({"decision": "modify", "modified_payload": {"a": 1}}, Modify({"a": 1})),
        ({"decision": "defer"}, Defer(1000)),
        ({"decision": "defer", "retry_after_ms": 2.4}, Defer(2)),
        ({"decision": "defer", "retry_after_ms": -5}, Defer(0)),
        ({"decision": "escalate"}, Escalate("Escalated by supervision")),
        (
            {"decision": "escalate", "reason": "odd", "escalation_target": "ops"},
            Escalate("odd (for ops)"),
        ),
    ],
)
def test_decisions(result: dict[str, Any], decision: object) -> None:
    assert protocol.decision_in(result) == decision


@given(WORDS | JSON, st.dictionaries(st.sampled_from(["reason", "modified_payload", "payload",
       "retry_after_ms", "escalation_target"]), JSON))  # fmt: skip
def test_any_decision_is_one_or_an_error(word: Any, rest: dict[str, Any]) -> None:
    try:
        decision = protocol.decision_in({**rest, "decision": word})
        if isinstance(decision, Modify):
            protocol.changed_arguments(decision.payload, "read")
    except ProtocolError as error:
        assert str(error).isprintable()  # noqa: PT017  # other values are decisions


@given(st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_answer_is_one_or_an_error(data: bytes) -> None:
    try:
        protocol.check_handshake(protocol.result_in(protocol.message_in(data)))
    except ProtocolError as error:
        assert str(error).isprintable()  # noqa: PT017  # other values are answers


def test_what_is_sent_is_one_line_of_utf_8() -> None:
    params = protocol.event_params(
        "pre_tool_use",
        {"session_id": "s", "tool": "read", "args": {"file_path": "a\nb\ud800é"}, "n": {1}},
        agent_id="a",
        depth=2,
        timestamp="t",
    )
    line = protocol.request(7, protocol.EVENT, params)
    assert b"\n" not in line
    message = json.loads(line.decode("utf-8"))
    assert (message["jsonrpc"], message["id"], message["method"]) == ("2.0", 7, "ahp/event")
    assert message["params"]["event_type"] == "pre_action"
    assert message["params"]["payload"]["arguments"] == {"file_path": "a\nb?é"}
    assert "id" not in json.loads(protocol.notification(protocol.EVENT, params))
