"""Hooks: functions of the host that are told what a session does, and may stop some of it."""
