"""relay: the real-time core of a remote public-service network."""
