"""USAGE: how long sessions really were, and what follows from it for whoever bills them."""
