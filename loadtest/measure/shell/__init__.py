"""Readings of other processes: /proc and Prometheus."""
