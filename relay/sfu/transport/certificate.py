"""The certificate of a worker: made at start, self-signed, vouched for by its fingerprint in the session description."""

from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from relay.sfu.transport.keys import OFFERED
from relay.sfu.wire.sdp import Fingerprint

DTLS_1_2: Final = 0xFEFD
HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha-256": hashes.SHA256(),
    "sha-384": hashes.SHA384(),
    "sha-512": hashes.SHA512(),
}
"""The hash functions of fingerprints that we accept, weakest first (RFC 8122 §5; MD5 and SHA-1 are not among them)."""

_LIFETIME: Final = timedelta(days=365)
_CLOCK_SKEW: Final = timedelta(days=1)
_CIPHERS: Final = b"ECDHE+AESGCM:ECDHE+CHACHA20"
_OPTIONS: Final = (
    SSL.OP_NO_QUERY_MTU
    | SSL.OP_NO_TICKET
    | SSL.OP_NO_COMPRESSION
    | SSL.OP_NO_RENEGOTIATION
    | SSL.OP_CIPHER_SERVER_PREFERENCE
)


class Certificate:
    """A self-signed ECDSA P-256 certificate with its key, and the DTLS context that every peer of a worker shares."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._certificate = certificate
        self._key = key

    @classmethod
    def generate(cls, now_wall_s: float) -> "Certificate":
        """A fresh one, valid from a day before `now_wall_s` (Unix time) for a year."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.fromtimestamp(now_wall_s, UTC)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay")])
        builder = x509.CertificateBuilder(
            issuer_name=name,
            subject_name=name,
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - _CLOCK_SKEW,
            not_valid_after=now + _LIFETIME,
        )
        return cls(builder.sign(key, hashes.SHA256()), key)

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """The attribute for the session description, SHA-256."""
        return Fingerprint("sha-256", self._certificate.fingerprint(hashes.SHA256()))

    @property
    def fingerprint_sha256(self) -> str:
        """`AB:CD:…`."""
        return self.fingerprint.digest.hex(":").upper()

    @cached_property
    def context(self) -> SSL.Context:
        """DTLS 1.2 with our certificate and profiles.

        Sessions are never resumed: a resumed one would show no certificate. Whether a certificate is the promised one, each
        association decides for itself.
        """
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_min_proto_version(DTLS_1_2)
        context.set_max_proto_version(DTLS_1_2)
        context.set_options(_OPTIONS)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_mode(SSL.MODE_RELEASE_BUFFERS)  # an association idles for hours: 72 KiB instead of 86
        context.set_cipher_list(_CIPHERS)
        context.set_tlsext_use_srtp(OFFERED)
        context.use_certificate(self._certificate)
        context.use_privatekey(self._key)
        return context
