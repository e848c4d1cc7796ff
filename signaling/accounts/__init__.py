"""People of the clinic who sign in, and its software that comes with a key: the HTTP API, and the rules behind it."""
