"""Runs: participants of a relay, the servers under test, and the loop that measures them. All of it touches the world."""
