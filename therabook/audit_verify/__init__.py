"""Checks an export of the audit log, offline. Shares no code with what writes the log.

It needs Python and the package `cryptography`, and nothing else of the project: whoever does not trust the clinic's
copy takes this folder from the source, puts it into an empty folder `therabook`, and runs
`python -m therabook.audit_verify FILE --key KEY`. The format is described in docs/audit-log.md.
"""
