import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from relay.clock import FakeClock
from relay.config import AuthSettings
from relay.errors import Forbidden, Misuse, Unauthorised
from relay.server.auth import Grants, Role, TokenIssuer, TokenVerifier, open_keyring

OLD, NEW, FOREIGN = ("old-" + "o" * 40, "new-" + "n" * 40, "foreign-" + "f" * 40)
NOW_S = 1_700_000_000


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(wall_ms=NOW_S * 1000)


def pair(clock: FakeClock, **settings: object) -> tuple[TokenIssuer, TokenVerifier]:
    auth = AuthSettings(**settings)  # type: ignore[arg-type]
    keyring = open_keyring(auth, NEW)
    return TokenIssuer(keyring, auth, clock), TokenVerifier(keyring, clock)


def signed(claims: dict[str, object], secret: str = NEW, **header: str) -> str:
    return jwt.encode({"sub": "k1", "role": "kiosk", "exp": NOW_S + 60} | claims, secret, "HS256", headers=header)


def public_pem(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_what_is_issued_is_verified(clock):
    issuer, verifier = pair(clock)
    token = issuer.issue("seat-1", Role.SEAT, lifetime_s=60, name="王静", region="330203", skills={"housing": 7})
    identity = verifier.verify(token)
    assert (identity.subject, identity.role, identity.name, identity.region) == ("seat-1", "seat", "王静", "330203")
    assert identity.skills == {"housing": 7}
    assert identity.expires_at_s == NOW_S + 60


def test_an_expired_token_is_refused(clock):
    issuer, verifier = pair(clock)
    token = issuer.issue("k1", Role.KIOSK, lifetime_s=60)
    clock.advance(60)
    with pytest.raises(Unauthorised, match="expired"):
        verifier.verify(token)


def test_keys_are_rotated_by_putting_the_new_one_in_front(clock):
    before, _ = pair(clock, secrets={"2023": OLD})
    after, verifier = pair(clock, secrets={"2024": NEW, "2023": OLD})
    for token in (before.issue("k1", Role.KIOSK), after.issue("k1", Role.KIOSK)):
        assert verifier.verify(token).subject == "k1"
    _, finished = pair(clock, secrets={"2024": NEW})
    with pytest.raises(Unauthorised):
        finished.verify(before.issue("k1", Role.KIOSK))


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        "a.b.c",
        signed({}, secret=FOREIGN),
        signed({}, kid="unknown"),
        signed({"aud": "another-service"}),
        signed({"iat": NOW_S + 3600}),
        signed({"nbf": NOW_S + 3600}),
        signed({"role": "root"}),
        signed({"role": ["kiosk"]}),
        signed({"exp": "tomorrow"}),
        signed({"sub": "a b"}),
        signed({"sub": "x" * 65}),
        signed({"skills": {"housing": 11}}),
        jwt.encode({"sub": "k1", "role": "kiosk", "exp": NOW_S + 60}, None, algorithm="none"),
        jwt.encode({"sub": "k1", "role": "kiosk"}, NEW, "HS256"),
        jwt.encode({"sub": "k1", "role": "kiosk", "exp": NOW_S + 60}, NEW + NEW, "HS512"),
        jwt.encode({"sub": "k1", "role": "kiosk", "exp": NOW_S + 60}, generate_private_key(65537, 2048), "RS256"),
    ],
)
def test_whatever_is_wrong_with_a_token_it_is_refused(clock, token):
    _, verifier = pair(clock)
    with pytest.raises(Unauthorised):
        verifier.verify(token)


def test_a_portal_may_sign_with_its_own_key(clock):
    portal, stranger = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    _, verifier = pair(clock, portal_public_keys={"portal": public_pem(portal)})
    claims = {"sub": "k1", "role": "kiosk", "exp": NOW_S + 60}
    assert verifier.verify(jwt.encode(claims, portal, "EdDSA", headers={"kid": "portal"})).subject == "k1"
    assert verifier.verify(jwt.encode(claims, portal, "EdDSA")).subject == "k1"
    with pytest.raises(Unauthorised):
        verifier.verify(jwt.encode(claims, stranger, "EdDSA"))


def test_a_public_key_is_never_taken_for_a_secret(clock):
    portal = Ed25519PrivateKey.generate()
    pem = public_pem(portal)
    _, verifier = pair(clock, portal_public_keys={"portal": pem})
    import base64
    import hashlib
    import hmac
    import json

    def part(value: dict[str, object]) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    body = part({"alg": "HS256", "kid": "portal"}) + b"." + part({"sub": "k1", "role": "portal", "exp": NOW_S + 60})
    signature = base64.urlsafe_b64encode(hmac.digest(pem.encode(), body, hashlib.sha256)).rstrip(b"=")
    with pytest.raises(Unauthorised):
        verifier.verify((body + b"." + signature).decode())


def test_secrets_do_not_show():
    settings = AuthSettings(secrets={"a": NEW})
    assert NEW not in repr(settings)
    assert NEW not in repr(open_keyring(settings, NEW))


def test_settings_that_cannot_work_are_refused(clock):
    with pytest.raises(Misuse, match="32 bytes"):
        AuthSettings(secrets={"a": "short"})
    with pytest.raises(Misuse, match="not PEM"):
        open_keyring(AuthSettings(portal_public_keys={"p": "nonsense"}), NEW)
    issuer, _ = pair(clock)
    with pytest.raises(Misuse, match="cannot live"):
        issuer.issue("k1", Role.KIOSK, lifetime_s=1e9)
    with pytest.raises(Misuse, match="claim"):
        issuer.issue("white space", Role.KIOSK)


def test_roles_are_required(clock):
    issuer, verifier = pair(clock)
    identity = verifier.verify(issuer.issue("k1", Role.KIOSK))
    identity.require(Role.KIOSK, Role.SEAT)
    with pytest.raises(Forbidden, match="portal"):
        identity.require(Role.PORTAL)


def test_skills_may_be_a_list_or_everything(clock):
    issuer, verifier = pair(clock)
    assert verifier.verify(issuer.issue("s1", Role.SEAT, skills={"*": 3})).skills == {"*": 3}
    assert verifier.verify(signed({"role": "seat", "skills": ["housing", "market"]})).skills == {
        "housing": 5,
        "market": 5,
    }


def test_grants_are_exact_or_cover_what_begins_like_them(clock):
    issuer, verifier = pair(clock)
    issued = Grants(publish=("lobby", "hall-*"), watch=("streams/lobby", "calls/*"))
    grants = verifier.verify(issuer.issue("tool", Role.MEDIA, grants=issued)).grants
    assert grants == issued
    for stream in ("lobby", "hall-3", "hall-"):
        grants.require_publish(stream)
    grants.require_watch("calls/c7")
    for stream in ("lobby-2", "Lobby", "hall", "", "streams/lobby"):
        with pytest.raises(Forbidden):
            grants.require_publish(stream)
    with pytest.raises(Forbidden):
        grants.require_watch("kiosks/k1")


@pytest.mark.parametrize("grant", ["", "a*b", "**", "a b", "x" * 81])
def test_a_grant_that_could_be_misread_is_refused(clock, grant):
    issuer, verifier = pair(clock)
    with pytest.raises(Misuse):
        issuer.issue("tool", Role.MEDIA, grants=Grants(publish=(grant,)))
    with pytest.raises(Unauthorised):
        verifier.verify(signed({"role": "media", "watch": [grant]}))
