"""A scenario of booths and seats against a whole relay."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

from loadtest.drive.participants import Kiosk, Seat, Stage
from loadtest.measure.shell.processes import usage_of
from loadtest.scenario import Incident, Party, PlannedCall, plan
from relay.errors import AtCapacity, Misuse, RelayError

AT_ONCE = 20
"""Log-ins under way at a time while a run is prepared; an incident does not hold back."""
_CLOSING_S = 3.0


class ServiceRun:
    """Made for one scenario; `prepare`, `run`, `close`. Errors of single bots are counted, not raised."""

    def __init__(self, stage: Stage) -> None:
        scenario = stage.scenario
        if scenario.kiosks is None or scenario.seats is None:
            raise Misuse("this scenario has no booths and seats")
        self.stage = stage
        self._parties: tuple[Party, Party] = (scenario.kiosks, scenario.seats)
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle: deque[Kiosk] = deque()
        self.kiosks = [
            Kiosk(stage, f"load-kiosk-{number}", scenario.kiosks, scenario.seats)
            for number in range(scenario.kiosks.count)
        ]
        self.seats = [
            Seat(stage, f"load-seat-{number}", scenario.seats, scenario.kiosks)
            for number in range(scenario.seats.count)
        ]

    async def prepare(self, progress: Callable[[int], None]) -> None:
        """Everybody logs in. Raises the first error when nobody can."""
        await self.stage.crew.prepare({*self._parties[0].sources, *self._parties[1].sources})
        for number, seat in enumerate(self.seats):
            self._spawn(self._staff(seat, number))
        gate = asyncio.Semaphore(AT_ONCE)
        outcomes = await asyncio.gather(*(self._enter(kiosk, number, gate) for number, kiosk in enumerate(self.kiosks)))
        errors = [error for error in outcomes if error is not None]
        if errors and not self._idle:
            raise errors[0]
        progress(len(self.kiosks))
        await self._wait_for_seats(progress)

    async def run(self) -> None:
        """The planned calls and incidents, until the scenario's time is over."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for incident in self.stage.scenario.incidents:
            self._spawn(self._suffer(incident, began + incident.at_s))
        for call in plan(self.stage.scenario):
            await asyncio.sleep(max(0.0, began + call.at_s - loop.time()))
            self._start(call)
        await asyncio.sleep(max(0.0, began + self.stage.scenario.duration_s - loop.time()))

    async def close(self) -> None:
        """Everybody leaves."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING_S):
                await asyncio.gather(*(each.leave() for each in (*self.kiosks, *self.seats)), return_exceptions=True)

    async def _enter(self, kiosk: Kiosk, number: int, gate: asyncio.Semaphore) -> Exception | None:
        async with gate:
            try:
                await self._open(kiosk, number)
            except (RelayError, OSError) as error:
                self.stage.tally.refuse(error)
                return error
            return None

    async def _open(self, kiosk: Kiosk, number: int) -> None:
        regions = self.stage.regions
        await kiosk.log_in("kiosk", regions[number % len(regions)])
        self._idle.append(kiosk)

    async def _staff(self, seat: Seat, number: int) -> None:
        regions = self.stage.regions
        try:
            await seat.work(regions[number % len(regions)])
        except (RelayError, OSError) as error:
            self.stage.tally.refuse(error)
            self.stage.tally.count("seats_lost")

    async def _wait_for_seats(self, progress: Callable[[int], None]) -> None:
        loop = asyncio.get_running_loop()
        deadline, seen = loop.time() + 20.0, 0
        while loop.time() < deadline:
            ready = sum(seat.ready for seat in self.seats)
            progress(ready - seen)
            seen = ready
            if ready + self.stage.tally.counts.get("seats_lost", 0) >= len(self.seats):
                return
            await asyncio.sleep(0.1)

    def _start(self, call: PlannedCall) -> None:
        if not self._idle:
            self.stage.tally.count("calls_without_booth")
            return
        self._spawn(self._serve(self._idle.popleft(), call))

    async def _serve(self, kiosk: Kiosk, call: PlannedCall) -> None:
        try:
            await kiosk.call(call)
        except (RelayError, OSError) as error:
            if kiosk.line is None:
                self.stage.tally.count("calls_cut")
                return
            self.stage.tally.refuse(error)
            self.stage.tally.count("calls_failed")
            if isinstance(error, AtCapacity):
                self.stage.tally.count("calls_refused")
        if kiosk.line is not None:
            self._idle.append(kiosk)

    async def _suffer(self, incident: Incident, at: float) -> None:
        await asyncio.sleep(max(0.0, at - asyncio.get_running_loop().time()))
        struck = self.kiosks[: round(len(self.kiosks) * incident.share)]
        if incident.what == "address-change":
            for kiosk in struck:
                if kiosk.bot is not None:
                    kiosk.bot.move()
            self.stage.tally.count("address_changes", len(struck))
            return
        await self._cut_power(struck, incident.lasts_s)

    async def _cut_power(self, struck: list[Kiosk], lasts_s: float) -> None:
        """All at once dark, all at once back: what a relay has to set up then."""
        stage = self.stage
        self._idle = deque(kiosk for kiosk in self._idle if kiosk not in struck)
        await asyncio.gather(*(kiosk.leave(silently=True) for kiosk in struck))
        await asyncio.sleep(lasts_s)
        began_s, before = stage.crew.clock.now_s(), usage_of(stage.server.pid)

        async def come_back(kiosk: Kiosk, number: int) -> None:
            try:
                await self._open(kiosk, number)
                await kiosk.drop_current()
                stage.tally.time("storm_set_up", (stage.crew.clock.now_s() - began_s) * 1000)
                stage.tally.count("storm_set_ups")
            except (RelayError, OSError) as error:
                stage.tally.refuse(error)
                stage.tally.count("storm_set_ups_failed")

        await asyncio.gather(*(come_back(kiosk, number) for number, kiosk in enumerate(struck)))
        stage.tally.count("storm_ms", round((stage.crew.clock.now_s() - began_s) * 1000))
        stage.tally.count("storm_relay_cpu_ms", round((usage_of(stage.server.pid).cpu_s - before.cpu_s) * 1000))

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
