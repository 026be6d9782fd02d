"""STUN and TURN servers as participants are told of them.

Time-limited credentials are those of coturn's `use-auth-secret` (draft-uberti-behave-turn-rest-00): the user name is
`expiry:participant`, the password is HMAC-SHA1 of it under the secret that relay and TURN server share. A TURN server
then needs no list of users, and a credential that leaks is worthless after its lifetime.
"""

import base64
import hmac
from collections.abc import Iterable

from relay.config import IceServer, ServerSettings
from relay.server.messages import IceServerInfo


def ice_servers_for(settings: ServerSettings, participant: str, wall_s: float) -> list[IceServerInfo]:
    """The configured servers with credentials for `participant`, at `wall_s` seconds since 1970."""
    expires_s = int(wall_s + settings.ice_credential_lifetime_s)
    return [_offered(server, f"{expires_s}:{participant}") for server in settings.ice_servers]


def link_values(servers: Iterable[IceServerInfo]) -> list[str]:
    """The same as values of HTTP `Link` headers, one a URL (RFC 9725 §4.6)."""
    return [_link(url, server) for server in servers for url in server.urls]


def _offered(server: IceServer, username: str) -> IceServerInfo:
    if not server.secret:
        return IceServerInfo(urls=list(server.urls), username=server.username, credential=server.credential)
    digest = hmac.digest(server.secret.encode(), username.encode(), "sha1")
    return IceServerInfo(urls=list(server.urls), username=username, credential=base64.b64encode(digest).decode("ascii"))


def _link(url: str, server: IceServerInfo) -> str:
    value = f'<{url}>; rel="ice-server"'
    if not server.username:
        return value
    username, credential = _quoted(server.username), _quoted(server.credential)
    return f'{value}; username={username}; credential={credential}; credential-type="password"'


def _quoted(text: str) -> str:
    """A quoted-string (RFC 9110 §5.6.4)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
