"""SRTP keys out of a DTLS handshake (RFC 5764 §4.2). They are never logged: `repr` hides them."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from relay.errors import Misuse

EXPORTER_LABEL: Final = b"EXTRACTOR-dtls_srtp"
"""The exporter label registered by RFC 5764 §4.2."""


class SrtpProfile(Enum):
    """A protection profile: its RFC name, its number, and its master key and salt lengths in bytes."""

    AEAD_AES_128_GCM = ("SRTP_AEAD_AES_128_GCM", 0x0007, 16, 12)
    """RFC 7714 §14.2."""
    AES128_CM_SHA1_80 = ("SRTP_AES128_CM_SHA1_80", 0x0001, 16, 14)
    """RFC 5764 §4.1.2; the one every WebRTC endpoint has."""

    def __init__(self, openssl_name: str, number: int, key_bytes: int, salt_bytes: int) -> None:
        self.openssl_name = openssl_name
        self.number = number
        self.key_bytes = key_bytes
        self.salt_bytes = salt_bytes

    @property
    def exported_bytes(self) -> int:
        """How much keying material the exporter must give: two keys and two salts."""
        return 2 * (self.key_bytes + self.salt_bytes)

    @classmethod
    def named(cls, openssl_name: str) -> "SrtpProfile":
        """The profile of this name; Misuse if it is none of ours."""
        for profile in cls:
            if profile.openssl_name == openssl_name:
                return profile
        raise Misuse(f"{openssl_name!r} is not an SRTP profile that relay offers")


OFFERED: Final = b":".join(profile.openssl_name.encode() for profile in SrtpProfile)
"""What use_srtp offers, most wanted first: GCM costs half of CM + SHA-1 per packet on AES-NI machines."""


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """The SRTP master keys and salts of both directions."""

    profile: SrtpProfile
    local_key: bytes = field(repr=False)
    local_salt: bytes = field(repr=False)
    remote_key: bytes = field(repr=False)
    remote_salt: bytes = field(repr=False)

    @property
    def send(self) -> bytes:
        """Master key followed by master salt for what we send, as libsrtp takes it."""
        return self.local_key + self.local_salt

    @property
    def receive(self) -> bytes:
        """Master key followed by master salt for what we receive, as libsrtp takes it."""
        return self.remote_key + self.remote_salt


def split(profile: SrtpProfile, material: bytes, *, is_client: bool) -> SrtpKeys:
    """Cut exported keying `material` into keys: client key, server key, client salt, server salt (RFC 5764 §4.2)."""
    if len(material) != profile.exported_bytes:
        raise Misuse(f"{profile.openssl_name} needs {profile.exported_bytes} bytes of keying material")
    key, salt = profile.key_bytes, profile.salt_bytes
    salts = material[2 * key :]
    client = (material[:key], salts[:salt])
    server = (material[key : 2 * key], salts[salt:])
    local, remote = (client, server) if is_client else (server, client)
    return SrtpKeys(profile, *local, *remote)
