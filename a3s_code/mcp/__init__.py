"""MCP servers: their connections, and their tools as tools of a session."""
