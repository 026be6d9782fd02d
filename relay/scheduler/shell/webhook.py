"""Decisions posted to a portal's URL: signed, in order, at least once, retried with back-off.

The signature is that of the usual webhook senders: `Relay-Signature: t=<unix seconds>,v1=<hex>` with
HMAC-SHA-256 over `<t>.<body>`. A receiver checks it in constant time, refuses an old `t`, and drops ids it has seen.
"""

import asyncio
import hashlib
import hmac
import http.client
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from relay.clock import Clock
from relay.errors import Misuse, RelayError

SIGNATURE_HEADER = "Relay-Signature"
_log = logging.getLogger(__name__)


class WebhookRejected(RelayError):
    """The receiver of a webhook did not take a delivery."""

    problem = "webhook-rejected"
    status = 502


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Where to post and how hard to try."""

    url: str = field(repr=False)
    """http or https; redirections are not followed. Its query may hold a token, so it is never shown either."""
    secret: str = field(repr=False)
    """Signs every delivery; at least 16 characters."""
    timeout_s: float = 10.0
    first_retry_s: float = 1.0
    max_retry_s: float = 300.0
    """Retries double from `first_retry_s` to this, and go on: order is kept, so nothing is posted past a failure."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Misuse("a webhook URL is an absolute http or https URL")
        if parts.username is not None or not self.url.isascii() or not self.url.isprintable() or " " in self.url:
            raise Misuse("a webhook URL is percent-encoded, and holds no user or password")
        if len(self.secret) < 16:
            raise Misuse("a webhook secret has at least 16 characters")
        if min(self.timeout_s, self.first_retry_s, self.max_retry_s) <= 0:
            raise Misuse("the times of a webhook must be positive")


def signature(secret: str, timestamp_s: int, body: bytes) -> str:
    """The value of the signature header for this body sent at this time."""
    digest = hmac.new(secret.encode(), b"%d." % timestamp_s + body, hashlib.sha256).hexdigest()
    return f"t={timestamp_s},v1={digest}"


def verify(header: str, secret: str, body: bytes, now_s: int, tolerance_s: int = 300) -> bool:
    """For receivers: whether the header signs this body with this secret, and is not older than the tolerance."""
    fields = dict(part.partition("=")[::2] for part in header.split(","))
    try:
        timestamp_s = int(fields.get("t", ""))
    except ValueError:
        return False
    fresh = abs(now_s - timestamp_s) <= tolerance_s
    return hmac.compare_digest(signature(secret, timestamp_s, body).encode(), header.encode()) and fresh


class Webhook:
    """One receiver. `deliver` returns once the receiver answered 2xx; it retries until then or until cancelled."""

    def __init__(
        self,
        settings: WebhookSettings,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        name: str = "",
    ) -> None:
        """`name` is what logs call it."""
        self._settings = settings
        self._name = name
        self._clock = clock
        self._sleep = sleep
        self.delivered_total = 0
        self.failed_total = 0
        self.last_failure = ""

    async def deliver(self, delivery_id: str, body: bytes) -> None:
        """Post one JSON body; `delivery_id` stays the same over its retries."""
        retry_s = self._settings.first_retry_s
        while True:
            try:
                await asyncio.to_thread(self._post, delivery_id, body)
            except (OSError, http.client.HTTPException, WebhookRejected) as failure:
                if retry_s == self._settings.first_retry_s:
                    _log.warning("the webhook %s takes nothing now: %s", self._name, failure)
                self.failed_total += 1
                self.last_failure = str(failure)
                await self._sleep(retry_s)
                retry_s = min(2.0 * retry_s, self._settings.max_retry_s)
            else:
                if retry_s != self._settings.first_retry_s:
                    _log.info("the webhook %s takes deliveries again", self._name)
                self.delivered_total += 1
                return

    def _post(self, delivery_id: str, body: bytes) -> None:
        parts = urlsplit(self._settings.url)
        target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
        headers = {
            "Content-Type": "application/json",
            "Relay-Delivery": delivery_id,
            SIGNATURE_HEADER: signature(self._settings.secret, self._clock.wall_ms() // 1000, body),
        }
        try:
            connection.request("POST", target, body, headers)
            status = connection.getresponse().status
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise WebhookRejected(f"{parts.hostname} answered {status}")

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(host, port, timeout=self._settings.timeout_s, context=context)
        return http.client.HTTPConnection(host, port, timeout=self._settings.timeout_s)
