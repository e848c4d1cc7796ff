"""How the audit log's tables came to be, step by step: a chain of its own, apart from that of the clinic's records.

A change of `clinic/audit/tables.py` comes with a new file in `versions/`. A step that was released stays as it is.
"""
