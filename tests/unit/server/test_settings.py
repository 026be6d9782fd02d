from pathlib import Path

import pytest

from relay.errors import Misuse
from relay.server.settings import Settings, load_settings


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "relay.toml"
    path.write_text(text)
    return path


def test_defaults_need_nothing():
    assert load_settings() == Settings()


def test_a_file_sets_every_section(tmp_path):
    settings = load_settings(
        written(
            tmp_path,
            """
            data_dir = "/var/lib/relay"
            [server]
            port = 8443
            [sfu]
            advertised_hosts = ["203.0.113.7"]
            [scheduler]
            ring_timeout_ms = 15000
            rings = [{after_ms = 0, reach = "city"}]
            [auth.secrets]
            k1 = "0123456789abcdef0123456789abcdef"
            [[catalogue.regions]]
            code = "330203"
            name_zh = "海曙区"
            name_en = "Haishu"
            [[catalogue.seats]]
            seat = "s1"
            name = "王静"
            region = "330203"
            skills = {housing = 5}
            """,
        )
    )
    assert settings.server.port == 8443
    assert settings.sfu.advertised_hosts == ("203.0.113.7",)
    assert settings.scheduler.ring_timeout_ms == 15_000
    assert settings.catalogue.seats[0].skills == {"housing": 5}
    assert settings.auth.secrets["k1"].startswith("0123")
    assert settings.data_dir == "/var/lib/relay"


def test_a_catalogue_may_have_a_file_of_its_own(tmp_path):
    (tmp_path / "catalogue.toml").write_text('[[items]]\ncode = "a.b"\nname_zh = "甲"\nname_en = "A"\n')
    settings = load_settings(written(tmp_path, 'catalogue = "catalogue.toml"'))
    assert [item.code for item in settings.catalogue.items] == ["a.b"]


def test_the_environment_wins(tmp_path):
    path = written(tmp_path, "[server]\nport = 8443\n")
    settings = load_settings(path, {"RELAY_SERVER__PORT": "9000", "RELAY_DATA_DIR": "/data", "PATH": "/bin"})
    assert settings.server.port == 9000
    assert settings.data_dir == "/data"


def test_what_kubernetes_injects_is_not_ours():
    assert load_settings(None, {"RELAY_PORT": "tcp://10.0.0.1:80", "RELAY_SERVICE_HOST": "10.0.0.1"}) == Settings()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[server]\nprot = 1\n", r"no setting server\.prot"),
        ("[servers]\nport = 1\n", r"no setting servers"),
        ("[server]\nport = 70000\n", "not between 0 and 65535"),
        ("[server]\nport = 'x'\n", r"\$\.server\.port"),
        ("[scheduler]\nring_timeout_ms = 0\n", "ring_timeout_ms must be positive"),
        ("[scheduler]\nring_timeout = 5\n", "ring_timeout"),
        ("[server]\nheartbeat_s = 60\n", "two heartbeats"),
        ("[server]\ntls_key = 'k.pem'\n", "go together"),
        ("[auth.secrets]\na = 'short'\n", "32 bytes"),
        (
            "[[catalogue.regions]]\ncode = '1'\nname_zh = ''\nname_en = ''\nnmae = ''\n",
            r"no setting catalogue\.regions\.nmae",
        ),
        ("[[catalogue.kiosks]]\nkiosk = 'k'\nname = 'K'\nregion = '33'\n", "region 33"),
        ("catalogue = 'absent.toml'", "cannot read"),
        ("[server", "not TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(tmp_path, text, complaint):
    path = written(tmp_path, text)
    with pytest.raises(Misuse, match=complaint) as caught:
        load_settings(path)
    assert str(tmp_path) in str(caught.value)


def test_an_unreadable_file_is_named(tmp_path):
    with pytest.raises(Misuse, match="cannot read"):
        load_settings(tmp_path / "absent.toml")
