import pytest

from relay.errors import Misuse
from relay.sfu.transport import SrtpProfile, keys


def material(profile: SrtpProfile) -> bytes:
    parts = (b"C", profile.key_bytes), (b"S", profile.key_bytes), (b"c", profile.salt_bytes), (b"s", profile.salt_bytes)
    return b"".join(letter * size for letter, size in parts)


@pytest.mark.parametrize(
    ("profile", "salt_bytes"), [(SrtpProfile.AEAD_AES_128_GCM, 12), (SrtpProfile.AES128_CM_SHA1_80, 14)]
)
def test_each_side_sends_with_its_own_key(profile: SrtpProfile, salt_bytes: int) -> None:
    client = keys.split(profile, material(profile), is_client=True)
    server = keys.split(profile, material(profile), is_client=False)
    assert client.send == server.receive == b"C" * 16 + b"c" * salt_bytes
    assert client.receive == server.send == b"S" * 16 + b"s" * salt_bytes


def test_numbers_are_the_registered_ones() -> None:
    assert {profile.openssl_name: profile.number for profile in SrtpProfile} == {
        "SRTP_AEAD_AES_128_GCM": 7,
        "SRTP_AES128_CM_SHA1_80": 1,
    }


def test_gcm_is_wanted_first() -> None:
    assert keys.OFFERED == b"SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"


def test_keys_stay_out_of_repr() -> None:
    profile = SrtpProfile.AES128_CM_SHA1_80
    text = repr(keys.split(profile, material(profile), is_client=True))
    assert "CCCC" not in text
    assert "cccc" not in text


def test_too_little_material_is_misuse() -> None:
    with pytest.raises(Misuse, match="60 bytes"):
        keys.split(SrtpProfile.AES128_CM_SHA1_80, bytes(59), is_client=True)


def test_an_unknown_profile_is_misuse() -> None:
    assert SrtpProfile.named("SRTP_AES128_CM_SHA1_80") is SrtpProfile.AES128_CM_SHA1_80
    with pytest.raises(Misuse, match="SHA1_32"):
        SrtpProfile.named("SRTP_AES128_CM_SHA1_32")
