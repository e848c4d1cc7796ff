"""FILES: what a session leaves behind when everyone has agreed. Nothing is recorded yet: this folder is its place.

A recorder will be a subscriber like any other: track -> tap -> frames -> file -> vault.
"""
