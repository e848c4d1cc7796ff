"""Webhooks: who is told of what happens, what they are told, and what became of it."""
