"""The token secret of a relay that was given none: generated once, kept beside the journal, readable by us alone."""

import os
import secrets
from pathlib import Path

from relay.errors import Misuse

SECRET_FILE = "token-secret"  # noqa: S105  a file name


def generated_secret(data_dir: str) -> str:
    """The secret kept in `data_dir`, made on first use; without a directory, one that lives as long as the process."""
    if not data_dir:
        return secrets.token_urlsafe(48)
    path = Path(data_dir) / SECRET_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _create_once(path)
        return _read_private(path)
    except OSError as error:
        raise Misuse(f"cannot keep the token secret in {path}: {error.strerror}") from error


def _create_once(path: Path) -> None:
    """Exclusive creation, so that two starts at once agree on one secret."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))


def _read_private(path: Path) -> str:
    if path.stat().st_mode & 0o077:
        raise Misuse(f"{path} can be read by others; `chmod 600` it, or delete it to make a new secret")
    secret = path.read_text("ascii").strip()
    if len(secret) < 32:
        raise Misuse(f"{path} does not hold a secret; delete it to make a new one")
    return secret
