"""What `doctor` says that no installation can show by itself."""

from __future__ import annotations

from a3s_magics.checks import llama


def test_an_embedded_model_without_llama_cpp_is_a_problem_with_a_remedy() -> None:
    assert llama(installed=False).problem
    assert 'pip install "a3s-kernel[local]"' in llama(installed=False).text
    assert not llama(installed=True).problem
