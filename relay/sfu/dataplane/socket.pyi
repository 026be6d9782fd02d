def set_clock(now_ns: int) -> None:
    """The time that all packet paths of this process read from now on; 0: the system's. For simulations, which also turn the
    kernel's stamps off."""
