"""Keeping, over HTTP and by itself: retention, legal holds, deletion with proof, what a patient gets of theirs."""
