"""Messages that go out by e-mail and SMS: what they say, when they are due, and how they are sent.

They are written to the outbox (`clinic/messages`) together with what they tell of (`notices.py`) and sent by
`sender.py`. Not here: who is to be told of what (`appointments`, `accounts`).
"""
