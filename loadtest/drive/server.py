"""The relay under test: one that runs already, or `relay serve` as a child process; and tokens for its participants."""

import asyncio
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal

import jwt

from loadtest.measure.exposition import Scrape, parse_exposition
from relay.clock import SystemClock
from relay.errors import Misuse, Unauthorised, Unavailable

TOKEN_LIFETIME_S: Final = 6 * 3600
_START_TIMEOUT_S: Final = 20.0
_START_POLL_S: Final = 0.1
_STOP_TIMEOUT_S: Final = 8.0
_HTTP_TIMEOUT_S: Final = 10.0
_OWN_DATA_DIR: Final = re.compile(r"^\s*data_dir\s*=", re.MULTILINE)
Role = Literal["kiosk", "seat", "supervisor"]


class RelayServer:
    """Where it is, who may come in, and what it says of itself. `pid` 0: its process is not on this machine, or not known."""

    def __init__(self, url: str, *, secret: str = "", portal_token: str = "", pid: int = 0, key_id: str = "") -> None:
        self.url = url.rstrip("/")
        self.pid = pid
        self._secret = secret
        self._portal_token = portal_token
        self._key_id = key_id

    @property
    def signalling_url(self) -> str:
        """Of the WebSocket."""
        return f"ws{self.url.removeprefix('http')}/signal"

    async def token(self, subject: str, role: Role, region: str, skills: Sequence[str] = ()) -> str:
        """For one participant: signed here with the secret, or by the relay for the portal's token."""
        claims: dict[str, Any] = {
            "sub": subject,
            "role": role,
            "name": subject,
            **({"region": region} if region else {}),
        }
        if skills:
            claims["skills"] = dict.fromkeys(skills, 8)
        if not self._secret:
            answer = await asyncio.to_thread(self._post, "/api/tokens", {**claims, "lifetime_s": TOKEN_LIFETIME_S})
            return str(answer["token"])
        expires = SystemClock().wall_ms() // 1000 + TOKEN_LIFETIME_S
        headers = {"kid": self._key_id} if self._key_id else None
        return jwt.encode({**claims, "exp": expires}, self._secret, "HS256", headers=headers)

    async def catalogue(self) -> tuple[list[str], list[str]]:
        """Codes of the service items, and of the regions."""
        token = self._portal_token or await self.token("loadtest", "supervisor", "")
        items = await asyncio.to_thread(self._get, "/api/items", token)
        regions = await asyncio.to_thread(self._get, "/api/regions", token)
        return [each["code"] for each in json.loads(items)], [each["code"] for each in json.loads(regions)]

    async def scrape(self) -> Scrape:
        """`/metrics`; empty when it cannot be had."""
        try:
            return parse_exposition(await asyncio.to_thread(self._get, "/metrics", self._portal_token))
        except Unavailable:
            return Scrape()

    def ping(self) -> None:
        """Raises `Unavailable` unless it answers."""
        self._get("/healthz", "")

    def _get(self, path: str, token: str) -> str:
        return self._ask(urllib.request.Request(self.url + path, headers=_bearer(token)))  # noqa: S310

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        headers = {**_bearer(self._portal_token), "content-type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)  # noqa: S310
        found: dict[str, Any] = json.loads(self._ask(request))
        return found

    def _ask(self, request: urllib.request.Request) -> str:
        try:
            with urllib.request.urlopen(request, timeout=_HTTP_TIMEOUT_S) as response:  # noqa: S310
                text: str = response.read().decode()
                return text
        except urllib.error.HTTPError as error:
            if error.code in (401, 403):
                raise Unauthorised(f"{self.url} refused the token ({error.code})") from error
            raise Unavailable(f"{request.full_url} answers {error.code}") from error
        except OSError as error:
            raise Unavailable(f"no relay answers at {self.url}: {error}") from error


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"} if token else {}


@asynccontextmanager
async def own_relay(settings: str = "", *, cores: int = 0) -> AsyncIterator[RelayServer]:
    """`relay serve` on free ports of the loopback, with these further settings (TOML); stopped at the end.

    Its journal is on disk, as an operator's is: below the folder for temporary files, unless the settings name a `data_dir`.
    `cores` above 0: it gets so many, and this process the others meanwhile; raises `Misuse` when none would be left.
    """
    allowed = sorted(os.sched_getaffinity(0))
    if cores >= len(allowed):
        raise Misuse(f"the relay cannot have {cores} of {len(allowed)} cores: the bots need one")
    secret, port = secrets.token_urlsafe(32), _free_port()
    with tempfile.TemporaryDirectory(prefix="loadtest-") as directory:
        child = _start(Path(directory), f'{settings}\n[auth.secrets]\nloadtest = "{secret}"\n', port)
        if cores:
            os.sched_setaffinity(child.pid, allowed[:cores])
            os.sched_setaffinity(0, allowed[cores:])
        server = RelayServer(f"http://127.0.0.1:{port}", secret=secret, pid=child.pid, key_id="loadtest")
        try:
            await _wait_ready(server, child, Path(directory, "relay.log"))
            yield server
        finally:
            os.sched_setaffinity(0, allowed)
            await asyncio.to_thread(stop, child)


def _start(directory: Path, config: str, port: int) -> "subprocess.Popen[bytes]":
    path = directory / "relay.toml"
    path.write_text(config, "utf-8")
    command = [
        sys.executable,
        "-m",
        "relay",
        "serve",
        "--config",
        str(path),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    if not _OWN_DATA_DIR.search(config):
        command += ["--data-dir", str(directory / "data")]
    environment = {**os.environ, "RELAY_SFU__HOST": "127.0.0.1", "RELAY_LOG__LEVEL": "warning"}
    with (directory / "relay.log").open("wb") as log:
        # A session of its own: Ctrl-C is for the tool, which stops the relay itself.
        return subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)  # noqa: S603


def stop(child: "subprocess.Popen[bytes]") -> None:
    """Twice the polite signal (drain, then stop), then the other one."""
    for sign, patience_s in (
        (signal.SIGTERM, 0.5),
        (signal.SIGTERM, _STOP_TIMEOUT_S),
        (signal.SIGKILL, _STOP_TIMEOUT_S),
    ):
        if child.poll() is not None:
            return
        child.send_signal(sign)
        with suppress(subprocess.TimeoutExpired):
            child.wait(patience_s)


async def _wait_ready(server: RelayServer, child: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(round(_START_TIMEOUT_S / _START_POLL_S)):
        if child.poll() is not None:
            break
        try:
            await asyncio.to_thread(server.ping)
        except Unavailable:
            await asyncio.sleep(_START_POLL_S)
        else:
            return
    last = (await asyncio.to_thread(log.read_text, "utf-8", "replace")).strip().splitlines()[-5:]
    raise Unavailable("`relay serve` did not start: " + (" / ".join(last) or "it said nothing"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
