"""The daemon tells a portal everything: signed, once, in order, also when the portal was down for a while."""

import asyncio
import json

import httpx

from relay.scheduler.shell.webhook import SIGNATURE_HEADER, verify
from tests.calls.test_serve import links_of, relay
from tests.unit.scheduler.shell.test_webhook import Receiver

SECRET = "a-secret-that-nobody-may-read-anywhere"


async def value(url: str, metric: str) -> float:
    async with httpx.AsyncClient(trust_env=False) as http:
        lines = (await http.get(url)).text.splitlines()
    return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{metric} "))


async def test_a_portal_that_comes_back_gets_what_it_missed_and_its_secret_stays_one(tmp_path):
    receiver = Receiver()
    receiver.statuses = [500] * 3
    config = tmp_path / "relay.toml"
    config.write_text(f"""
        data_dir = "{tmp_path}/data"
        [log]
        level = "debug"
        [outlets.webhooks.portal]
        url = "{receiver.url}"
        first_retry_s = 0.01
        max_retry_s = 0.05
        """)
    audit = tmp_path / "audit.jsonl"
    arguments = ("serve", "--port", "0", "--demo-links", "--config", str(config), "--audit-file", str(audit))
    written: list[bytes] = []
    try:
        for run in range(2):
            process = await relay(*arguments, RELAY_OUTLETS__WEBHOOKS__PORTAL__SECRET=SECRET)
            metrics = (await asyncio.wait_for(links_of(process), 30))["metrics"]
            while await value(metrics, 'relay_outlet_lag_decisions{outlet="portal"}'):
                await asyncio.sleep(0.01)
            assert await value(metrics, 'relay_outlet_retries_total{outlet="portal"}') == (3, 0)[run]
            assert await value(metrics, 'relay_outlet_dropped_decisions_total{outlet="portal"}') == 0
            process.terminate()
            written += await asyncio.wait_for(process.communicate(), 30)
    finally:
        receiver.close()
    numbers = [line["seq"] for line in map(json.loads, audit.read_bytes().splitlines())]
    assert numbers == list(range(1, len(numbers) + 1))
    taken = [d["seq"] for _, _, body in receiver.requests[3:] for d in json.loads(body)["decisions"]]
    assert taken == numbers, "in order, each once"
    for _, headers, body in receiver.requests:
        sent_s = int(headers[SIGNATURE_HEADER].partition(",")[0].removeprefix("t="))
        assert verify(headers[SIGNATURE_HEADER], SECRET, body, now_s=sent_s)
    written += [audit.read_bytes(), *(path.read_bytes() for path in (tmp_path / "data").iterdir())]
    assert b"the webhook portal takes nothing now" in b"".join(written)
    assert not any(SECRET.encode() in text for text in written)
