"""The server: logs in, verdicts, and SQL for many people at the same time."""
