"""How the tables came to be, step by step. `Database.upgrade` takes a database from the step it is at to the last one.

A change of `tables.py` comes with a new file in `versions/`, numbered on, written by hand: `upgrade` only, in plain SQL
types, never importing from `tables.py`, which will have moved on by the time it runs. A step that was released stays as
it is. There is no way back: restore a backup.
"""
