"""How long tests wait for what must happen; only a test that fails waits that long.

A busy machine may be ten times slower than one's own, which says nothing about the code: these are
no expectations, and no test may be quicker to lose patience.
"""

DEADLINE_S = 120
"""For an event, a thread, a request, a message, a process that ends."""

PROGRAM_S = 400
"""For a whole program from its start to its end: an interpreter, a kernel, a browser."""
