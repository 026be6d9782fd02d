"""The example portal, run as it is: what it shows must work."""

import asyncio
import importlib.util
import socket
from pathlib import Path

import httpx
import uvicorn

from relay.client import SignallingClient
from relay.server import messages
from tests.support.running_relay import serving, until

EXAMPLE = Path(__file__).parents[2] / "examples" / "portal_embed.py"


def load_example():
    spec = importlib.util.spec_from_file_location("portal_embed", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_the_example_portal_carries_a_call():
    config = uvicorn.Config(load_example().portal, loop="none", log_config=None)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with serving(config, listener), httpx.AsyncClient(base_url=url, trust_env=False) as http:
            page = await http.get("/relay/kiosk")
            assert page.status_code == 200
            assert "default-src 'self'" in page.headers["content-security-policy"]
            assert (await http.get("/relay/relay.js")).status_code == 200
            assert (await http.get("/relay/healthz")).json()["status"] == "ok"
            refused = await http.post(
                "/ask", json={"kiosk": "kiosk-1", "item": "housing.title.transfer"}, headers={"idempotency-key": "1"}
            )
            assert refused.status_code == 409
            assert refused.json()["problem"] == "kiosk-absent"

            token = (await http.get("/enter/kiosk/kiosk-1")).headers["location"].partition("#token=")[2]
            signal_url = f"{url.replace('http', 'ws', 1)}/relay/signal"
            async with SignallingClient(signal_url, token) as kiosk:
                asked = await http.post(
                    "/ask",
                    json={"kiosk": "kiosk-1", "item": "housing.title.transfer"},
                    headers={"idempotency-key": "2"},
                )
                assert (asked.status_code, asked.json()["state"]) == (201, "queued")
                told = await asyncio.wait_for(until(kiosk, messages.CallState), 5)
                assert told.call == asked.json()["call"]


def test_the_example_is_short():
    code = [line for line in EXAMPLE.read_text().splitlines() if line.strip() and not line.strip().startswith('"""')]
    assert len(code) <= 48
