"""A real MCP server for the tests: `python server.py` on its standard streams, or with `--http`.

With `--http` or `--sse` it serves on a free port of 127.0.0.1 and prints the port in the first line.
`--stubborn` does not end when its standard input does, `--crash` ends before the handshake.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from mcp.server.mcpserver import Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import EmbeddedResource, ResourceLink, TextContent, TextResourceContents

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63"
    "606060f80f0001040100a5f645400000000049454e44ae426082"
)
LONG = "long_" * 20

server = MCPServer("test server")


@server.tool(structured_output=False)
def add(a: int, b: int = 1) -> str:
    """Add two numbers."""
    return str(a + b)


@server.tool(structured_output=False)
def picture() -> list[str | Image]:
    """A picture with a word beside it."""
    return ["a pixel", Image(data=PIXEL, format="png"), "seen"]


@server.tool(structured_output=False)
def papers() -> list[TextContent | EmbeddedResource | ResourceLink]:
    """Resources."""
    text = TextResourceContents(uri="file:///a.txt", text="content of a")
    return [
        EmbeddedResource(resource=text),
        ResourceLink(name="b", uri="file:///b.txt"),
    ]


@server.tool(structured_output=False)
def fail() -> str:
    """Fail."""
    raise ToolError("no such thing")


@server.tool(structured_output=False)
async def wait_for_ever(diary: str) -> str:
    """Write to the file what happens to this call."""
    Path(diary).write_text("started")
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        Path(diary).write_text("cancelled")
        raise
    return "never"


@server.tool(structured_output=False)
def variable(name: str) -> str:
    """A variable of the environment."""
    return os.environ.get(name, "")


@server.tool(structured_output=False)
def say_to_stderr(text: str) -> str:
    """Write a line to standard error, and a lot behind it."""
    sys.stderr.write(f"{text}\n{'x' * 100_000}\n")
    sys.stderr.flush()
    return "said"


@server.tool(structured_output=False)
def pids() -> str:
    """The numbers of this process and of a child that it starts."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
    return f"{os.getpid()} {child.pid}"


@server.tool(structured_output=False)
def grow() -> str:
    """Have one tool more from now on."""
    server.add_tool(lambda: "new", name="grown", description="New.", structured_output=False)
    return "grown"


@server.tool(structured_output=False)
def die() -> str:
    """End without an answer."""
    os._exit(3)


@server.tool(name="odd name/ä", structured_output=False)
def odd() -> str:
    """A name that no provider accepts."""
    return "odd"


@server.tool(name=LONG, structured_output=False)
def long_name() -> str:
    """A name that is too long."""
    return "long"


def serve(app: object) -> None:
    """Serve on a free port and tell which."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        sys.stdout.write(f"{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        import uvicorn  # here, so that the others start sooner

        config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)  # type: ignore[arg-type]  # an ASGI application
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    if "--crash" in sys.argv:
        sys.exit("cannot start: the key hunter2hunter2 is refused")
    if "--http" in sys.argv:
        serve(server.streamable_http_app())
    elif "--sse" in sys.argv:
        serve(server.sse_app())
    else:
        server.run()
    while "--stubborn" in sys.argv:
        time.sleep(60)
