"""MCP servers: the folder is not called `mcp`, which would hide the package of that name."""
