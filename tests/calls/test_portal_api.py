"""The REST interface and the event stream, over a real server."""

import asyncio
import json

import httpx
import jsonschema
import pytest
from prometheus_client.parser import text_string_to_metric_families

from relay import NewCall, Role
from relay.errors import Forbidden
from relay.metrics.catalogue import CATALOGUE
from relay.server import messages
from tests.support.running_relay import RunningRelay, running_relay, settings_for_tests, until
from tests.support.scenes import ITEM, connected, ready_seat

ONLY_WHEN_IT_HAPPENS = {
    *(name for name in CATALOGUE if name.startswith(("relay_sfu_worker_", "relay_data_"))),
    "relay_sfu_refused_peers_total",
    "relay_outlet_decisions_total",
    "relay_outlet_dropped_decisions_total",
    "relay_outlet_lag_decisions",
    "relay_outlet_retries_total",
    "relay_calls_overflowed_total",
    "relay_estimated_wait_error_seconds",
    "relay_estimated_wait_seconds",
    "relay_invitations_total",
    "relay_pickup_to_first_packet_seconds",
    "relay_scheduler_refusals_total",
    "relay_service_failed_outputs_total",
    "relay_sfu_closed_peers_total",
    "relay_signalling_connections_total",
    "relay_sfu_refused_datagrams_total",
    "relay_recordings_ended_total",
    "relay_whip_requests_total",
    "relay_whip_sessions_ended_total",
}
"""Labelled by reasons that a plain call does not give."""


def body(**fields: object) -> dict[str, object]:
    return {"kiosk": "kiosk-1", "item": ITEM} | fields


async def post_call(http: httpx.AsyncClient, key: str = "k1", **fields: object) -> httpx.Response:
    return await http.post("/api/calls", json=body(**fields), headers={"idempotency-key": key})


async def test_a_portal_asks_for_a_call_watches_it_and_ends_it():
    async with running_relay() as running, running.http() as http, running.client("kiosk-1", Role.KIOSK) as kiosk:
        created = await post_call(http)
        assert created.status_code == 201
        call = created.json()
        assert (call["kiosk"], call["state"], call["region"]) == ("kiosk-1", "queued", "330203")
        assert (await until(kiosk, messages.CallState)).call == call["call"]
        assert (await post_call(http)).json()["call"] == call["call"], "the same key is the same call"
        assert (await http.get(f"/api/calls/{call['call']}")).json()["position"] == 1
        rows = {row["group"]: row for row in (await http.get("/api/queue")).json()}
        assert rows["housing"]["waiting"] == 1
        assert (await http.delete(f"/api/calls/{call['call']}", params={"reason": "closed"})).status_code == 204
        ended = await until(kiosk, messages.CallState, state="ended")
        assert ended.reason == "closed"
        assert (await http.get(f"/api/calls/{call['call']}")).status_code == 404
        assert (await http.delete(f"/api/calls/{call['call']}")).status_code == 204, "over is over"
        assert (await http.delete("/api/calls/c99")).status_code == 404


async def test_a_call_needs_its_kiosk():
    async with running_relay() as running, running.http() as http:
        refused = await post_call(http)
        assert refused.status_code == 409
        assert refused.json()["type"] == "urn:relay:problem:kiosk-absent"


async def test_seats_and_catalogue_are_listed():
    async with running_relay() as running, running.http() as http, running.client("seat-1", Role.SEAT) as seat:
        await ready_seat(seat)
        (row,) = (await http.get("/api/seats")).json()
        assert (row["seat"], row["name"], row["state"]) == ("seat-1", "王静", "ready")
        items = (await http.get("/api/items")).json()
        assert {"code", "name_zh", "name_en", "department_zh", "department_en", "reach"} == set(items[0])
        assert {"330203", "330226"} <= {region["code"] for region in (await http.get("/api/regions")).json()}


async def test_a_portal_issues_tokens_that_work():
    async with running_relay() as running, running.http() as http:
        issued = await http.post(
            "/api/tokens",
            json={"sub": "seat-9", "role": "seat", "name": "新座席", "region": "330203", "skills": {"market": 3}},
        )
        assert issued.status_code == 201
        assert issued.json()["expires_in_s"] == 12 * 3600
        from relay.client import SignallingClient

        async with SignallingClient(running.signal_url, issued.json()["token"]) as seat:
            assert (seat.welcome.identity, seat.welcome.name) == ("seat-9", "新座席")
            assert {item.code for item in seat.welcome.items} == {"market.sole-trader.register", "market.food.licence"}
            await ready_seat(seat)


async def test_a_seat_nobody_has_described_cannot_be_ready():
    async with running_relay() as running, running.client("seat-unknown", Role.SEAT) as seat:
        with pytest.raises(Exception, match="Nobody has said what this seat can serve"):
            await seat.request(messages.SetPresence(state="ready"))


WRONG = (
    ("POST", "/api/calls", "{", "application/json", 400),
    ("POST", "/api/calls", "[" * 20_000, "application/json", 400),
    ("POST", "/api/calls", '{"kiosk": 5}', "application/json", 400),
    ("POST", "/api/calls", '{"kiosk": "k", "item": "a b"}', "application/json", 400),
    ("POST", "/api/calls", "kiosk=k", "application/x-www-form-urlencoded", 415),
    ("POST", "/api/calls", '{"kiosk": "' + "k" * 70_000 + '"}', "application/json", 413),
    ("POST", "/api/tokens", '{"sub": "p", "role": "portal"}', "application/json", 409),
    ("POST", "/api/tokens", '{"sub": "p", "role": "root"}', "application/json", 400),
    ("POST", "/api/tokens", '{"sub": "p", "role": "seat", "lifetime_s": -1}', "application/json", 400),
    ("GET", "/api/calls/" + "c" * 100, "", "", 400),
    ("GET", "/api/nonsense", "", "", 404),
    ("PUT", "/api/calls", "", "", 405),
)


async def test_what_is_wrong_is_a_problem():
    async with running_relay() as running, running.http() as http:
        for method, path, content, content_type, status in WRONG:
            headers = {"content-type": content_type, "idempotency-key": "k"} if content_type else {}
            response = await http.request(method, path, content=content, headers=headers)
            assert response.status_code == status, (method, path, content[:40])
            assert response.headers["content-type"] == "application/problem+json"
            assert response.json()["status"] == status
            assert response.json()["type"].startswith("urn:relay:problem:")


async def test_a_missing_idempotency_key_is_named():
    async with running_relay() as running, running.http() as http:
        response = await http.post("/api/calls", json=body())
        assert response.status_code == 400
        assert "idempotency-key" in response.json()["detail"]


async def test_a_body_that_never_ends_is_given_up():
    async with running_relay(settings_for_tests(request_timeout_s=0.2)) as running:
        port = int(running.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        token = running.token("portal", Role.PORTAL)
        writer.write(
            f"POST /api/calls HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: k\r\n"
            "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{".encode()
        )
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        assert b" 503 " in answer.splitlines()[0]
        writer.close()
        await writer.wait_closed()


WHO_SEES_WHAT = (
    (None, "/api/queue", 401),
    (Role.KIOSK, "/api/queue", 403),
    (Role.SEAT, "/api/calls", 403),
    (Role.SUPERVISOR, "/api/queue", 200),
    (Role.KIOSK, "/api/items", 200),
    (None, "/api/events", 401),
    (Role.SEAT, "/api/events", 403),
    (None, "/metrics", 200),
    (None, "/healthz", 200),
    (None, "/readyz", 200),
    (None, "/openapi.json", 200),
    (None, "/api/schema/signalling.json", 200),
)


async def test_who_may_see_what():
    async with running_relay() as running:
        for role, path, status in WHO_SEES_WHAT:
            async with running.http(role) as http:
                response = await http.get(path)
            assert response.status_code == status, (role, path)
            assert ("www-authenticate" in response.headers) == (status == 401)


async def test_metrics_may_be_kept_private():
    async with running_relay(settings_for_tests(public_metrics=False)) as running:
        async with running.http(None) as http:
            assert (await http.get("/metrics")).status_code == 401
        async with running.http(Role.SUPERVISOR) as http:
            assert (await http.get("/metrics")).status_code == 200


async def test_documents_describe_what_is_served():
    async with running_relay() as running, running.http() as http, running.client("kiosk-1", Role.KIOSK):
        document = (await http.get("/openapi.json")).json()
        call = (await post_call(http)).json()
        schema = {"$ref": "#/components/schemas/CallView", "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(call)
        signalling = (await http.get("/api/schema/signalling.json")).json()
        jsonschema.Draft202012Validator(signalling).validate({"type": "heartbeat", "id": 1})


async def next_event(lines: "asyncio.Task | object") -> tuple[str, dict]:
    name = ""
    async for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            return name, json.loads(line.removeprefix("data: "))
    raise AssertionError("the stream ended")


async def test_what_happens_is_streamed_in_order():
    async with (
        running_relay() as running,
        running.http() as http,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-4", Role.SEAT) as seat,
        http.stream("GET", "/api/events", timeout=5) as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.aiter_lines()
        assert await anext(lines) == ": connected"
        call = await connected(kiosk, seat)
        names, names_of_call = [], ["CallRequested", "CallOffered", "CallAccepted"]
        while names_of_call != names:
            name, event = await asyncio.wait_for(next_event(lines), 5)
            if event.get("call") == call:
                names.append(name)
        assert event["seat"] == "seat-4"


async def test_event_streams_are_bounded():
    async with (
        running_relay(settings_for_tests(max_event_streams=1)) as running,
        running.http() as http,
        http.stream("GET", "/api/events", timeout=5) as first,
    ):
        assert await anext(first.aiter_lines()) == ": connected"
        assert (await http.get("/api/events")).status_code == 429


async def scrape(running: RunningRelay) -> dict[str, dict[tuple[str, ...], float]]:
    """Values by name and label values, these in the order of the labels' names."""
    async with running.http(None) as http:
        text = (await http.get("/metrics")).text
    samples: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = tuple(value for _, value in sorted(sample.labels.items()))
            samples.setdefault(sample.name, {})[labels] = sample.value
    return samples


async def test_a_call_shows_in_the_metrics():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-4", Role.SEAT) as seat,
    ):
        call = await connected(kiosk, seat)
        await kiosk.request(messages.FirstFrame(call=call, slot="camera", elapsed_ms=80))
        samples = await scrape(running)
        assert samples["relay_calls_in_progress"][("housing",)] == 1
        assert samples["relay_calls_answered_total"][("consult", "normal", "housing", "330000")] == 1
        assert samples["relay_offers_total"][("accepted",)] == 1
        assert samples["relay_seats"] == {("in-call",): 1}
        assert samples["relay_participants"][("kiosk",)] == 1
        wait = samples["relay_wait_duration_seconds_bucket"]
        assert wait[("15.0", "answered", "housing")] == 1, "GB/T 33358: 15 s"
        assert samples["relay_pickup_to_first_frame_seconds_bucket"][("0.1", "camera")] == 1
        await kiosk.request(messages.HangUp(call=call))
        await seat.request(messages.FinishWrapUp(call=call))
        samples = await scrape(running)
        assert samples["relay_handle_duration_seconds_count"][("housing",)] == 1
        families = {name for name in CATALOGUE if any(sample.startswith(name) for sample in samples)}
        assert set(CATALOGUE) - families <= ONLY_WHEN_IT_HAPPENS


async def test_how_a_call_is_for_its_parties_can_be_asked():
    slot = messages.SlotQuality(slot="camera", jitter_buffer_ms=40.0, freezes=3, frozen_s=0.5, width=1280, height=720)
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("kiosk-2", Role.KIOSK) as stranger,
        running.client("seat-4", Role.SEAT) as seat,
        running.http() as http,
    ):
        call = await connected(kiosk, seat)
        await seat.request(messages.ReportMedia(call=call, slots=[slot]))
        record = (await http.get(f"/api/calls/{call}/quality")).json()
        assert record["call"] == call
        (party,) = record["parties"]
        assert (party["desk"], party["name"], party["freezes"]) == ("seat", "seat-4", 0)
        assert [(size["slot"], size["width"], size["height"]) for size in party["sizes"]] == [("camera", 1280, 720)]
        with pytest.raises(Forbidden, match="somebody else's"):
            await stranger.request(messages.ReportMedia(call=call, slots=[slot]))
        assert (await http.get("/api/calls/never/quality")).status_code == 404


async def test_pages_come_with_headers_that_protect_them():
    async with running_relay() as running, running.http(None) as http:
        for path in ("/", "/kiosk", "/seat", "/wallboard", "/kiosk.html", "/relay.js"):
            page = await http.get(path)
            assert page.status_code == 200, path
            assert "default-src 'self'" in page.headers["content-security-policy"]
            assert "camera=(self)" in page.headers["permissions-policy"]
            assert page.headers["x-content-type-options"] == "nosniff"
            assert page.headers["referrer-policy"] == "no-referrer"
        for path in ("/../config.py", "/%2e%2e/config.py", "/client/../../config.py"):
            assert (await http.get(path)).status_code == 404


async def test_readiness_says_what_is_missing():
    async with running_relay(settings_for_tests(drain_s=0)) as running, running.http() as http:
        await running.relay.drain()
        response = await http.get("/readyz")
        assert response.status_code == 503
        assert response.json() == {"status": "not ready", "reasons": ["draining"]}
        async with running.client("kiosk-1", Role.KIOSK):
            assert (await post_call(http)).status_code == 503


async def test_draining_waits_for_conversations():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-4", Role.SEAT) as seat,
    ):
        call = await connected(kiosk, seat)
        drained = asyncio.create_task(running.relay.drain())
        await asyncio.sleep(0)
        assert not drained.done()
        await kiosk.request(messages.HangUp(call=call))
        await asyncio.wait_for(drained, 5)


async def test_the_library_does_what_the_interface_does():
    async with running_relay() as running, running.client("kiosk-1", Role.KIOSK) as kiosk:
        call = await running.relay.create_call(NewCall(kiosk="kiosk-1", item=ITEM, priority=("elderly",)), "lib-1")
        assert call.priority == "elderly"
        assert (await until(kiosk, messages.CallState)).call == call.call
        await running.relay.cancel_call(call.call)
        assert (await until(kiosk, messages.CallState, state="ended")).reason == "cancelled"
