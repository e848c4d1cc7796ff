"""Webhooks: the clinic's booking and billing systems are told what happens, signed, in order, and again if need be.

`kinds.py` says of what, `feed.py` hears of it, `journal.py` outlives a crash, `deliverer.py` tells it, `api.py` is
where endpoints are looked after. docs/webhooks.md is for those who receive them.
"""
