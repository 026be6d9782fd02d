"""Tokens: who speaks, in which role, until when. Nothing else decides who may do what.

JWT (RFC 7519) signed with HS256 by this relay or by a portal that shares a secret, or with EdDSA (RFC 8037) by a portal
whose public key is in the settings. The algorithm chooses the set of keys, so a public key is never taken for a secret.
A token for another audience (`aud`) is refused. Times are seconds since the Unix epoch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from msgspec import Meta

from relay.clock import Clock
from relay.config import AuthSettings
from relay.errors import Forbidden, Misuse, Unauthorised
from relay.server.messages import Name, Stem

CLOCK_SKEW_S = 30.0
"""A portal's clock may be this far ahead of ours."""
DEFAULT_PROFICIENCY = 5
"""Of a skill that a token lists without a level."""

Level = Annotated[int, Meta(ge=1, le=10)]
Label = Annotated[str, Meta(max_length=100)]
Grant = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[\w.:/\-]*\*?$")]
"""What may be published or watched: one name, or with `*` at its end every name that begins like it."""
GrantList = Annotated[list[Grant], Meta(max_length=64)]


class Role(StrEnum):
    """What a token is for."""

    KIOSK = "kiosk"
    SEAT = "seat"
    SUPERVISOR = "supervisor"
    PORTAL = "portal"
    MEDIA = "media"
    """Publishes or watches by WHIP and WHEP what its grants name, and nothing else."""


@dataclass(frozen=True, slots=True)
class Grants:
    """What may be sent and received over HTTP; nothing unless it is said."""

    publish: tuple[str, ...] = ()
    """Streams it may publish by WHIP: `lobby`, `hall-*`."""
    watch: tuple[str, ...] = ()
    """What it may watch by WHEP, as in the path: `streams/lobby`, `kiosks/k-17`, `calls/*`."""

    def require_publish(self, stream: str) -> None:
        """Raise `Forbidden` unless the stream may be published."""
        _require_grant(self.publish, stream)

    def require_watch(self, target: str) -> None:
        """Raise `Forbidden` unless the target may be watched."""
        _require_grant(self.watch, target)


def _require_grant(grants: tuple[str, ...], name: str) -> None:
    if not any(name.startswith(grant[:-1]) if grant.endswith("*") else name == grant for grant in grants):
        raise Forbidden(f"This token has no grant for {name!r}.")


NO_GRANTS = Grants()


@dataclass(frozen=True, slots=True)
class Identity:
    """The verified content of a token."""

    subject: str
    role: Role
    expires_at_s: float
    name: str = ""
    region: str = ""
    skills: Mapping[str, int] | None = None
    """Seats: proficiency by item stem; `None` leaves the operator's catalogue in force."""
    languages: tuple[str, ...] = ()
    grants: Grants = NO_GRANTS

    def require(self, *roles: Role) -> None:
        """Raise `Forbidden` unless this identity has one of the roles."""
        if self.role not in roles:
            raise Forbidden(f"A {self.role} may not do this; it takes a {' or '.join(roles)}.")


class _Claims(msgspec.Struct, kw_only=True):
    sub: Name
    role: Role
    exp: float
    iat: float = 0.0
    nbf: float = 0.0
    name: Label = ""
    region: Name | None = None
    skills: Annotated[dict[Stem, Level], Meta(max_length=200)] | Annotated[list[Stem], Meta(max_length=200)] | None = (
        None
    )
    languages: Annotated[list[Name], Meta(max_length=16)] = []
    publish: GrantList = []
    watch: GrantList = []


@dataclass(frozen=True, slots=True)
class Keyring:
    """What tokens are signed and verified with; the first secret signs."""

    secrets: Mapping[str, str] = field(repr=False)
    public_keys: Mapping[str, Ed25519PublicKey | Ed448PublicKey]

    def candidates(self, algorithm: str, key_id: str | None) -> list[Any]:
        """The keys that may have signed a token with this header; none raises `Unauthorised`."""
        keys: Mapping[str, Any] = {"HS256": self.secrets, "EdDSA": self.public_keys}.get(algorithm, {})
        if key_id is None:
            return list(keys.values())
        return [keys[key_id]] if key_id in keys else []


def open_keyring(settings: AuthSettings, generated: str) -> Keyring:
    """The keys of the settings; `generated` is the secret used when the settings name none.

    Raises `Misuse` for a public key that is not an EdDSA key in PEM.
    """
    public_keys = {key_id: _public_key(key_id, pem) for key_id, pem in settings.portal_public_keys.items()}
    return Keyring(dict(settings.secrets) or {"generated": generated}, public_keys)


def _public_key(key_id: str, pem: str) -> Ed25519PublicKey | Ed448PublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Misuse(f"the public key {key_id!r} is not PEM: {error}") from error
    if not isinstance(key, Ed25519PublicKey | Ed448PublicKey):
        raise Misuse(f"the public key {key_id!r} is not for EdDSA")
    return key


class TokenIssuer:
    """Signs tokens with the first secret of the keyring."""

    def __init__(self, keyring: Keyring, settings: AuthSettings, clock: Clock) -> None:
        self._keyring = keyring
        self._settings = settings
        self._clock = clock

    def issue(
        self,
        subject: str,
        role: Role,
        *,
        lifetime_s: float | None = None,
        name: str = "",
        region: str = "",
        skills: Mapping[str, int] | None = None,
        languages: tuple[str, ...] = (),
        grants: Grants = NO_GRANTS,
    ) -> str:
        """A token for one identity; raises `Misuse` for a lifetime or a claim out of bounds."""
        lifetime_s = self._settings.token_lifetime_s if lifetime_s is None else lifetime_s
        if not 0 < lifetime_s <= self._settings.max_token_lifetime_s:
            raise Misuse(f"a token cannot live {lifetime_s:g} s; at most {self._settings.max_token_lifetime_s:g}")
        now_s = self._clock.wall_ms() // 1000
        claims: dict[str, Any] = {"sub": subject, "role": str(role), "iat": now_s, "exp": now_s + lifetime_s}
        optional = {"name": name, "region": region, "languages": list(languages)}
        optional |= {"publish": list(grants.publish), "watch": list(grants.watch)}
        claims |= {key: value for key, value in optional.items() if value}
        if skills is not None:
            claims["skills"] = dict(skills)
        _read_claims(claims, Misuse)
        key_id, secret = next(iter(self._keyring.secrets.items()))
        return jwt.encode(claims, secret, algorithm="HS256", headers={"kid": key_id})


class TokenVerifier:
    """Turns a token into an identity, or refuses it."""

    def __init__(self, keyring: Keyring, clock: Clock) -> None:
        self._keyring = keyring
        self._clock = clock

    def verify(self, token: str) -> Identity:
        """The identity of a valid token; raises `Unauthorised` without saying more than a stranger may know."""
        claims = _read_claims(self._signed_claims(token), Unauthorised)
        now_s = self._clock.wall_ms() / 1000
        if claims.exp <= now_s:
            raise Unauthorised("The token has expired.")
        if max(claims.iat, claims.nbf) > now_s + CLOCK_SKEW_S:
            raise Unauthorised("The token is not valid yet.")
        skills = claims.skills
        return Identity(
            subject=claims.sub,
            role=claims.role,
            expires_at_s=claims.exp,
            name=claims.name,
            region=claims.region or "",
            skills=dict.fromkeys(skills, DEFAULT_PROFICIENCY) if isinstance(skills, list) else skills,
            languages=tuple(claims.languages),
            grants=Grants(tuple(claims.publish), tuple(claims.watch)),
        )

    def _signed_claims(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError as error:
            raise Unauthorised("The token is not a JWT.") from error
        algorithm = str(header.get("alg"))
        # Times are checked against our own clock; PyJWT would read the machine's.
        checks = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "require": ["sub", "exp"]}
        for key in self._keyring.candidates(algorithm, header.get("kid")):
            try:
                return jwt.decode(token, key, algorithms=[algorithm], options=checks)  # type: ignore[arg-type]
            except jwt.InvalidSignatureError:
                continue
            except jwt.InvalidTokenError as error:
                raise Unauthorised("The token is not valid for this relay.") from error
        raise Unauthorised("The token was not signed by a key this relay knows.")


def _read_claims(claims: dict[str, Any], refuse: type[Misuse] | type[Unauthorised]) -> _Claims:
    try:
        return msgspec.convert(claims, _Claims)
    except msgspec.ValidationError as error:
        raise refuse(f"A claim of the token is wrong: {error}") from error
