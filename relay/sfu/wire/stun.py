"""skeleton"""


def peek_username(data: bytes | memoryview) -> str | None:
    """skeleton"""
    raise NotImplementedError
