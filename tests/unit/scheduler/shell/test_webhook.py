"""Against a real HTTP server in a thread: what arrives, what is retried, what is never sent."""

import asyncio
import hashlib
import hmac
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from relay.clock import FakeClock
from relay.errors import Misuse
from relay.scheduler.shell.webhook import Webhook, WebhookSettings, signature, verify

SECRET = "0123456789abcdef"


class Receiver:
    """Answers each request with the next status of its script, then with 204."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append((self.path, dict(self.headers), body))
                self.send_response(outer.statuses.pop(0) if outer.statuses else 204)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hooks?tenant=7"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


class Naps:
    """Sleeps that take no time and are written down."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self.third = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        if len(self.taken) == 3:
            self.third.set()
        await asyncio.sleep(0)


async def test_delivers_signed(receiver):
    clock = FakeClock()
    webhook = Webhook(WebhookSettings(receiver.url, SECRET), clock)
    await webhook.deliver("17", b'{"events": []}')
    path, headers, body = receiver.requests[0]
    assert path == "/hooks?tenant=7"
    assert headers["Relay-Delivery"] == "17"
    assert headers["Content-Type"] == "application/json"
    now_s = clock.wall_ms() // 1000
    expected = hmac.new(SECRET.encode(), b"%d." % now_s + body, hashlib.sha256).hexdigest()
    assert headers["Relay-Signature"] == f"t={now_s},v1={expected}"
    assert verify(headers["Relay-Signature"], SECRET, body, now_s)


async def test_retries_until_taken_with_doubling_pauses_and_follows_no_redirect(receiver):
    receiver.statuses = [500, 503, 302, 404]
    naps = Naps()
    settings = WebhookSettings(receiver.url, SECRET, first_retry_s=1.0, max_retry_s=3.0)
    webhook = Webhook(settings, FakeClock(), naps)
    await webhook.deliver("1", b"{}")
    assert naps.taken == [1.0, 2.0, 3.0, 3.0]
    assert [path for path, _, _ in receiver.requests] == ["/hooks?tenant=7"] * 5
    assert (webhook.delivered_total, webhook.failed_total) == (1, 4)
    assert webhook.last_failure == "127.0.0.1 answered 404"


async def test_an_unreachable_receiver_is_retried(receiver):
    naps, gone = Naps(), receiver.url
    receiver.close()
    webhook = Webhook(WebhookSettings(gone, SECRET), FakeClock(), naps)
    task = asyncio.create_task(webhook.deliver("1", b"{}"))
    await naps.third.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert webhook.failed_total >= 3
    assert webhook.delivered_total == 0


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=,v1=",
        "v1=00",
        "t=1700000000",
        "t=x,v1=é",
        "t=1700000000,v1=00",
        signature("another secret..", 1700000000, b"{}"),
    ],
)
def test_wrong_signatures_do_not_verify(header):
    assert not verify(header, SECRET, b"{}", 1_700_000_000)


def test_an_old_signature_does_not_verify():
    header = signature(SECRET, 1_700_000_000, b"{}")
    assert verify(header, SECRET, b"{}", 1_700_000_300)
    assert not verify(header, SECRET, b"{}", 1_700_000_301)
    assert not verify(header, SECRET, b"{ }", 1_700_000_000)


@pytest.mark.parametrize("url", ["ftp://x/", "/hooks", "http://", "file:///etc/passwd"])
def test_only_http_urls(url):
    with pytest.raises(Misuse):
        WebhookSettings(url, SECRET)


def test_short_secrets_are_refused_and_no_secret_is_shown():
    with pytest.raises(Misuse):
        WebhookSettings("https://portal.example/", "short")
    assert SECRET not in repr(WebhookSettings("https://portal.example/", SECRET))
