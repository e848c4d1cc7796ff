"""USAGE: minutes of sessions, sums of them, and the table of service codes."""
