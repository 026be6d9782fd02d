"""The token of an appointment: what the QR code holds, signed so that nobody checks in for somebody else.

`v1.<appointment>.<slot_ms>.<tag>`: the tag is HMAC-SHA-256 (RFC 2104), cut to 128 bits, over what stands before it.
The secret is the shell's; the engine never sees it. A token says who, not whether: phase and time are `decide`'s matter.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode

from relay.errors import Misuse

from .errors import BadToken

_VERSION = "v1"
_TAG_BYTES = 16
MIN_SECRET_BYTES = 32


def sign(secret: bytes, appointment: str, slot_ms: int) -> str:
    """The token of one appointment."""
    text = f"{_VERSION}.{appointment}.{slot_ms}"
    return f"{text}.{_tag(secret, text)}"


def verify(secret: bytes, token: str) -> str:
    """The appointment that a genuine token names. Raises BadToken."""
    text, _, tag = token.rpartition(".")
    if len(token) > 256 or not token.isascii() or not hmac.compare_digest(tag, _tag(secret, text)):
        raise BadToken
    version, _, rest = text.partition(".")
    appointment, _, _ = rest.partition(".")
    if version != _VERSION:
        raise BadToken
    return appointment


def _tag(secret: bytes, text: str) -> str:
    if len(secret) < MIN_SECRET_BYTES:
        raise Misuse(f"the check-in secret is shorter than {MIN_SECRET_BYTES} bytes")
    mac = hmac.digest(secret, text.encode(), "sha256")
    return urlsafe_b64encode(mac[:_TAG_BYTES]).rstrip(b"=").decode()
