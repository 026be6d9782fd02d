"""Check-in tokens of appointments (the QR code), signed with keys of their own, derived from the token secrets."""

import hmac

from relay.scheduler import checkin
from relay.scheduler.errors import BadToken
from relay.server.auth import Keyring

_PURPOSE = b"relay appointment check-in"


class CheckInTokens:
    """Signs with the first secret of the keyring, and verifies with all of them."""

    def __init__(self, keyring: Keyring) -> None:
        self._keys = [hmac.digest(secret.encode(), _PURPOSE, "sha256") for secret in keyring.secrets.values()]

    def sign(self, appointment: str, slot_ms: int) -> str:
        """The token of one appointment."""
        return checkin.sign(self._keys[0], appointment, slot_ms)

    def verify(self, token: str) -> str:
        """The appointment that a genuine token names. Raises `BadToken`."""
        for key in self._keys:
            try:
                return checkin.verify(key, token)
            except BadToken:
                continue
        raise BadToken
