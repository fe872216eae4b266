"""One execution: the driver that awaits, the tools' gate, and the stream of events it leaves."""
