"""KEEPING: how long each kind of record is kept, what is on legal hold, and the proof of what was deleted.

`kinds.py` says which kinds there are and what each must be able to do, `rules.py` how long, `holds.py` what in spite of
that, `kept_rows.py` how rows go, `proofs.py` what is left of them, `dump.py` how all of it is copied and brought back.
"""
