import pytest

from relay.errors import Misuse
from relay.server.keystore import SECRET_FILE, generated_secret


def test_a_secret_is_made_once_and_private(tmp_path):
    first = generated_secret(str(tmp_path / "data"))
    assert generated_secret(str(tmp_path / "data")) == first
    assert (tmp_path / "data" / SECRET_FILE).stat().st_mode & 0o777 == 0o600


def test_without_a_directory_it_lives_in_memory():
    assert generated_secret("") != generated_secret("")


def test_a_secret_that_others_can_read_is_refused(tmp_path):
    generated_secret(str(tmp_path))
    (tmp_path / SECRET_FILE).chmod(0o644)
    with pytest.raises(Misuse, match="chmod 600"):
        generated_secret(str(tmp_path))


def test_an_empty_file_is_no_secret(tmp_path):
    (tmp_path / SECRET_FILE).touch(mode=0o600)
    with pytest.raises(Misuse, match="does not hold a secret"):
        generated_secret(str(tmp_path))
