"""The message protocol as Jupyter's own kernel tests check it."""

from __future__ import annotations

from typing import Any

import jupyter_kernel_test
import pytest
from jupyter_kernel_test import validate_message

from tests import kernels
from tests.deadlines import DEADLINE_S

jupyter_kernel_test.TIMEOUT = DEADLINE_S
pytestmark = [pytest.mark.kernel, pytest.mark.versions]


class TestA3SKernel(jupyter_kernel_test.KernelTests):  # type: ignore[misc]  # no type information upstream
    """Python cells and prompts in the `a3s` kernel."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.km = kernels.manager_of(cls.kernel_name)
        cls.kc = kernels.start(cls.km)
        cls.kc.is_complete("1")  # what `start` has asked is answered before this
        while cls.kc.get_shell_msg(timeout=DEADLINE_S)["msg_type"] != "is_complete_reply":
            pass

    @classmethod
    def tearDownClass(cls) -> None:
        kernels.end(cls.km, cls.kc)

    def flush_channels(self) -> None:
        """Nothing is left over from before: `execute_helper` takes all that a cell caused."""

    def get_non_kernel_info_reply(self, timeout: float | None = None) -> Any:
        """The base's is in more of a hurry."""
        return super().get_non_kernel_info_reply(DEADLINE_S)

    def execute_helper(self, code: str, **options: Any) -> tuple[Any, list[Any]]:
        """As the base's, which fails when a message is a tenth of a second late."""
        sent = self.kc.execute(code, **options)
        reply = self.kc.get_shell_msg(timeout=DEADLINE_S)
        validate_message(reply, "execute_reply", sent)
        outputs: list[Any] = []
        states: list[str] = []
        while states[-1:] != ["idle"]:
            message = self.kc.get_iopub_msg(timeout=DEADLINE_S)
            if message["parent_header"].get("msg_id") != sent:
                continue  # of a request before, which has no output
            validate_message(message, message["msg_type"], sent)
            if message["msg_type"] == "status":
                states.append(message["content"]["execution_state"])
            elif message["msg_type"] == "execute_input":
                assert message["content"]["code"] == code
            else:
                outputs.append(message)
        assert states == ["busy", "idle"]
        return reply, outputs

    kernel_name = "a3s"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('oops', file=sys.stderr)"
    code_generate_error = "raise ValueError('no')"
    code_execute_result = [{"code": "1+2+3", "result": "6"}]  # noqa: RUF012  # as the base declares it
    code_display_data = [  # noqa: RUF012
        {
            "code": "from IPython.display import HTML, display; display(HTML('<b>x</b>'))",
            "mime": "text/html",
        }
    ]
    code_page_something = "zip?"
    code_clear_output = "from IPython.display import clear_output; clear_output()"
    code_inspect_sample = "zip"
    code_history_pattern = "1?2*"
    # "range" fails in the same way on ipykernel's own kernel
    supported_history_operations = ("tail", "search")
    completion_samples = [{"text": "zi", "matches": {"zip"}}]  # noqa: RUF012
    complete_code_samples = ["1", "def f(x):\n  return x*2\n\n\n", "%%a3s\nhello"]  # noqa: RUF012
    incomplete_code_samples = ["print('''hello", "def f(x):\n  x*2", "%%a3s"]  # noqa: RUF012
    invalid_code_samples = ["import = 7q"]  # noqa: RUF012


class TestChatKernel(TestA3SKernel):
    """The same in the `a3s-chat` kernel, where Python cells say so."""

    kernel_name = "a3s-chat"
    code_hello_world = "%%py\nprint('hello, world')"
    code_stderr = "%%py\nimport sys; print('oops', file=sys.stderr)"
    code_generate_error = "%%py\nraise ValueError('no')"
    code_execute_result = [{"code": "%%py\n1+2+3", "result": "6"}]  # noqa: RUF012
    code_display_data = [  # noqa: RUF012
        {
            "code": "%%py\nfrom IPython.display import HTML, display; display(HTML('<b>x</b>'))",
            "mime": "text/html",
        }
    ]
    code_clear_output = "%%py\nfrom IPython.display import clear_output; clear_output()"
    code_history_pattern = "%%py?1?2*"
    completion_samples = [{"text": "%%py\nzi", "matches": {"zip"}}]  # noqa: RUF012
    complete_code_samples = ["hello", "What is (this", "%%py\n1", "/help"]  # noqa: RUF012
    incomplete_code_samples = ["%%py\nprint('''hello", "%%a3s"]  # noqa: RUF012
    invalid_code_samples = ["%%py\nimport = 7q"]  # noqa: RUF012
    code_inspect_sample = "%%py\nzip"
