"""The order of the system prompt's parts."""

from a3s_code.loop.prompt import PromptSlots, system_prompt


def test_every_part_has_its_place() -> None:
    slots = PromptSlots(
        role="You are a statistician.",
        guidelines="Use R.",
        response_style="One line.",
        extra="Extra text.",
    )
    prompt = system_prompt(slots, project_instructions="Use tabs.", listing="# Available Skills")
    marks = [
        "You are a statistician. You work in a loop",
        "## Behaviour",
        "## Tools",
        "## Completion",
        "## Response Format\n\nOne line.",
        "## Guidelines\n\nUse R.",
        "Extra text.",
        "# Project Instructions (AGENTS.md)\n\nUse tabs.",
        "# Available Skills",
    ]
    positions = [prompt.index(mark) for mark in marks]
    assert positions == sorted(positions)
    assert prompt.count("## Response Format") == 1
    assert "\n\n\n" not in prompt


def test_defaults_name_the_agent_and_leave_out_empty_parts() -> None:
    prompt = system_prompt(PromptSlots(guidelines="  "), project_instructions="\n")
    assert prompt.startswith("You are A3S Code")
    assert "## Guidelines" not in prompt
    assert "AGENTS.md" not in prompt


def test_a_model_without_tools_is_told_nothing_about_them() -> None:
    prompt = system_prompt(PromptSlots(), with_tools=False)
    assert prompt.startswith("You are A3S Code")
    assert "## Response Format" in prompt
    for heading in ("## Behaviour", "## Tools", "## Completion"):
        assert heading not in prompt
