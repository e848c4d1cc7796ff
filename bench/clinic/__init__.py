"""A year of a clinic, and how long each page waits for the database."""
