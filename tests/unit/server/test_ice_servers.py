import base64
import hmac

import pytest

from relay.config import IceServer, ServerSettings
from relay.errors import Misuse
from relay.server.ice_servers import ice_servers_for, link_values
from relay.server.messages import IceServerInfo


def test_a_secret_gives_each_participant_a_password_that_expires():
    turn = IceServer(("turn:turn.example.net?transport=udp",), secret="a shared secret")
    settings = ServerSettings(ice_servers=(turn,), ice_credential_lifetime_s=3600)

    (offered,) = ice_servers_for(settings, "kiosk-7", 1_700_000_000.9)

    assert offered.username == "1700003600:kiosk-7"
    expected = hmac.digest(b"a shared secret", b"1700003600:kiosk-7", "sha1")
    assert base64.b64decode(offered.credential) == expected
    assert ice_servers_for(settings, "kiosk-8", 1_700_000_000.9)[0].credential != offered.credential


def test_fixed_credentials_and_none_are_passed_on():
    settings = ServerSettings(
        ice_servers=(IceServer(("stun:stun.example.net",)), IceServer(("turn:t.example.net",), "u", "p"))
    )
    assert ice_servers_for(settings, "kiosk-7", 0.0) == [
        IceServerInfo(urls=["stun:stun.example.net"]),
        IceServerInfo(urls=["turn:t.example.net"], username="u", credential="p"),
    ]


def test_links_are_one_a_url_with_quoted_credentials():
    servers = [
        IceServerInfo(urls=["stun:stun.example.net"]),
        IceServerInfo(urls=["turn:t.example.net", "turns:t.example.net"], username='a"b', credential="p\\q"),
    ]
    credentials = r'username="a\"b"; credential="p\\q"; credential-type="password"'
    assert link_values(servers) == [
        '<stun:stun.example.net>; rel="ice-server"',
        f'<turn:t.example.net>; rel="ice-server"; {credentials}',
        f'<turns:t.example.net>; rel="ice-server"; {credentials}',
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"urls": ()},
        {"urls": ("http://turn.example.net",)},
        {"urls": ("turn:",)},
        {"urls": ('turn:a>; rel="x',)},
        {"urls": ("turn:a",), "username": "u"},
        {"urls": ("turn:a",), "secret": "s", "username": "u", "credential": "c"},
    ],
)
def test_what_cannot_be_a_server_is_refused(fields):
    with pytest.raises(Misuse):
        IceServer(**fields)


def test_secrets_are_not_shown():
    assert "hush" not in repr(IceServer(("turn:a",), secret="hush"))
    assert "hush" not in repr(IceServer(("turn:a",), "u", "hush"))
