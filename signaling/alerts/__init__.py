"""Unusual activity: rules that hear what the audit log is told, and the notices that they raise."""
