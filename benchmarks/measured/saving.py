"""Saving turn by turn: late turns against early ones, bytes written against the final size."""

from __future__ import annotations

from common import PARAMETERS, report

from benchmarks.saving import measure_bytes, measure_time

turns, size = PARAMETERS["turns"], PARAMETERS["size"]
report(slower=measure_time(turns, size), more=measure_bytes(turns, size))
