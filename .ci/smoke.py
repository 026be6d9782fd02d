"""An installed `relay` serves: health, pages, metrics, and it stops when it is told to. Standard library only."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from urllib.error import URLError
from urllib.request import urlopen

START_TIMEOUT_S = 30
PAGES = (
    "/healthz",
    "/readyz",
    "/metrics",
    "/kiosk",
    "/seat",
    "/wallboard",
    "/openapi.json",
    "/api/schema/signalling.json",
)


def free_port() -> int:
    """A TCP port nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def get(url: str) -> bytes:
    """The body of a page that must be there."""
    with urlopen(url, timeout=5) as response:
        body: bytes = response.read()
        return body


def wait_until_healthy(daemon: subprocess.Popen[bytes], origin: str) -> None:
    """Return when `/healthz` answers; fail when the daemon ends or stays silent."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if daemon.poll() is not None:
            sys.exit(f"smoke: relay serve ended at once with {daemon.returncode}")
        try:
            get(origin + "/healthz")
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    sys.exit(f"smoke: no answer from {origin}/healthz in {START_TIMEOUT_S} s")


def look_at(daemon: subprocess.Popen[bytes], origin: str) -> None:
    """Every page is there, and the daemon stops when it is told to."""
    wait_until_healthy(daemon, origin)
    bodies = {page: get(origin + page) for page in PAGES}
    if b"relay_" not in bodies["/metrics"]:
        sys.exit("smoke: /metrics has no metric of ours")
    json.loads(bodies["/openapi.json"])
    daemon.send_signal(signal.SIGTERM)
    status = daemon.wait(timeout=30)
    if status not in (0, -signal.SIGTERM):
        sys.exit(f"smoke: relay serve ended with {status} after SIGTERM")


def main(relay: str) -> None:
    """Start a daemon and look at it; its log is shown when something is wrong."""
    port = free_port()
    environment = {**os.environ, "RELAY_SERVER__PORT": str(port), "RELAY_SFU__PORT": "0"}
    with tempfile.TemporaryFile() as log:
        daemon = subprocess.Popen([relay, "serve"], env=environment, stdout=log, stderr=log)
        try:
            look_at(daemon, f"http://127.0.0.1:{port}")
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read().decode())
            raise
        finally:
            if daemon.poll() is None:
                daemon.kill()
                daemon.wait()


if __name__ == "__main__":
    main(sys.argv[1])
