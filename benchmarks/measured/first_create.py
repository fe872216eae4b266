"""The first `Agent.create` of a process: its time, and whether a long wait was announced."""

from __future__ import annotations

import logging

from common import Clock, config, report

import a3s_code


class Counter(logging.Handler):
    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


def main() -> None:
    counter = Counter(level=logging.INFO)
    logging.getLogger("a3s_code").addHandler(counter)
    logging.getLogger("a3s_code").setLevel(logging.INFO)
    text = config("http://127.0.0.1:9")
    clock = Clock()
    a3s_code.Agent.create(text)
    report(**clock.figures(), announced=counter.count)


main()
