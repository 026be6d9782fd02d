"""Bytes ⇄ frozen values, one format a module; stateless. What breaks a format raises `Malformed` and nothing else."""
