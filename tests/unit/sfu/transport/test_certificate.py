import hashlib

from relay.sfu.transport import Certificate
from relay.sfu.wire.sdp import Fingerprint
from tests.support.pairs import LEFT_CERTIFICATE, RIGHT_CERTIFICATE


def test_the_fingerprint_is_sdps() -> None:
    text = LEFT_CERTIFICATE.fingerprint_sha256
    assert len(text) == 95
    assert Fingerprint.parse(f"sha-256 {text}") == LEFT_CERTIFICATE.fingerprint
    assert len(LEFT_CERTIFICATE.fingerprint.digest) == hashlib.sha256().digest_size


def test_certificates_differ() -> None:
    assert LEFT_CERTIFICATE.fingerprint != RIGHT_CERTIFICATE.fingerprint


def test_the_context_is_made_once() -> None:
    certificate = Certificate.generate(1_700_000_000.0)
    assert certificate.context is certificate.context
