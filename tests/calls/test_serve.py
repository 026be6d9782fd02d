"""The daemon as an operator runs it: a process, its links, its signals, its complaints."""

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from relay.client import SignallingClient

ENVIRONMENT = {**os.environ, "COLUMNS": "500", "RELAY_SFU__HOST": "127.0.0.1"}


async def relay(*arguments: str, **environment: str) -> Process:
    command = (sys.executable, "-m", "relay", *arguments)
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, env=ENVIRONMENT | environment)


@asynccontextmanager
async def daemon(*arguments: str, **environment: str) -> AsyncIterator[tuple[Process, dict[str, str]]]:
    """A daemon with its links; it is told to stop when the block ends, and must."""
    process = await relay("serve", "--port", "0", "--demo-links", *arguments, **environment)
    try:
        yield process, await asyncio.wait_for(links_of(process), 30)
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def links_of(process: Process) -> dict[str, str]:
    links: dict[str, str] = {}
    while "metrics" not in links:
        words = (await process.stdout.readline()).decode().split()
        if len(words) == 2 and words[1].startswith("http"):
            links[words[0]] = words[1]
    return links


async def test_the_links_work_and_a_signal_ends_it_cleanly():
    async with daemon() as (process, links):
        assert set(links) == {"kiosk", "seat", "wallboard", "metrics"}
        url = links["metrics"].removesuffix("/metrics")
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            assert (await http.get("/readyz")).json()["status"] == "ready"
            assert "relay_build_info" in (await http.get("/metrics")).text
        signal_url = url.replace("http", "ws", 1) + "/signal"
        for page, identity in (("kiosk", "kiosk-1"), ("seat", "seat-4"), ("wallboard", "wallboard")):
            async with SignallingClient(signal_url, links[page].partition("#token=")[2]) as client:
                assert client.welcome.identity == identity
    assert process.returncode == 0


async def test_logs_are_json_lines_without_secrets(tmp_path):
    process = await relay("serve", "--port", "0", "--demo-links", "--data-dir", str(tmp_path), RELAY_LOG__STYLE="json")
    links = await asyncio.wait_for(links_of(process), 30)
    process.send_signal(signal.SIGTERM)
    _, errors = await asyncio.wait_for(process.communicate(), 30)
    lines = [json.loads(line) for line in errors.decode().splitlines()]
    assert {"serving", "stopped"} <= {line["message"] for line in lines}
    assert links["kiosk"].partition("#token=")[2] not in errors.decode()
    assert (tmp_path / "token-secret").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "journal.sqlite").exists()


async def test_a_token_signed_by_hand_is_accepted(tmp_path):
    async with daemon("--data-dir", str(tmp_path)) as (_, links):
        signing = await relay("token", "portal-1", "--role", "portal", "--data-dir", str(tmp_path))
        token = (await signing.communicate())[0].decode().strip()
        url = links["metrics"].removesuffix("/metrics")
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            response = await http.get("/api/seats", headers={"authorization": f"Bearer {token}"})
            assert response.status_code == 200


async def test_what_cannot_work_is_said_in_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        (tmp_path / "relay.toml").write_text("[server]\nprot = 1\n")
        for arguments, complaint in (
            (("serve", "--port", port), f"cannot listen on 127.0.0.1:{port}"),
            (("serve", "--config", str(tmp_path / "relay.toml")), "there is no setting server.prot"),
            (("serve", "--config", str(tmp_path / "absent.toml")), "cannot read"),
            (("token", "portal", "--role", "portal"), "--data-dir"),
        ):
            process = await relay(*arguments)
            _, errors = await asyncio.wait_for(process.communicate(), 30)
            assert process.returncode == 1
            assert complaint in errors.decode()
            assert "Traceback" not in errors.decode()
