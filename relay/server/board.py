"""The wallboard's content, from the house and the quality of what is connected."""

import asyncio

from relay.clock import Clock
from relay.server import messages
from relay.service.gathering import residence
from relay.service.house import day_of
from relay.service.participants import Desk, Who
from relay.service.shell.exchange import Exchange
from relay.service.shell.observatory import Observatory
from relay.service.views import CallView, QueueView, SeatView


class Board:
    """Composes wallboards of one relay, part by part: in between the loop may turn, for media shares it."""

    def __init__(self, exchange: Exchange, observatory: Observatory, clock: Clock, target_s: float) -> None:
        self._exchange = exchange
        self._observatory = observatory
        self._clock = clock
        self._target_s = target_s

    async def compose(self) -> messages.Wallboard:
        """How things are now."""
        house, wall_ms = self._exchange.house, self._clock.wall_ms()
        queues = [_queue_row(queue) for queue in house.queues(day_of(wall_ms))]
        await asyncio.sleep(0)
        seats = [_seat_row(seat) for seat in house.seats()]
        await asyncio.sleep(0)
        calls = [self._call_row(call) for call in house.conversations()]
        await asyncio.sleep(0)
        totals = house.totals(day_of(wall_ms))
        return messages.Wallboard(
            at_ms=wall_ms,
            waiting=totals.waiting,
            in_call=totals.in_call,
            seats=totals.seats,
            answered_today=totals.answered_today,
            abandoned_today=totals.abandoned_today,
            service_level=totals.service_level,
            service_level_target_s=self._target_s,
            longest_wait_s=totals.longest_wait_s,
            residence_p99_ms=_milliseconds(residence(self._exchange.media.stats()).quantile(0.99)),
            queues=queues,
            seat_rows=seats,
            calls=calls,
        )

    def _call_row(self, call: CallView) -> messages.CallRow:
        quality = self._observatory.quality.worst_of([Who(Desk.KIOSK, call.kiosk), Who(Desk.SEAT, call.seat)])
        return messages.CallRow(
            call=call.call,
            item=call.item,
            kiosk=call.kiosk,
            seat=call.seat,
            state=call.state,
            elapsed_s=call.talk_s,
            rtt_ms=quality.rtt_ms,
            jitter_ms=quality.jitter_ms,
            loss=quality.loss,
            bitrate_bps=quality.bitrate_bps,
        )


def _queue_row(queue: QueueView) -> messages.QueueRow:
    return messages.QueueRow(**{name: getattr(queue, name) for name in messages.QueueRow.__struct_fields__})


def _seat_row(seat: SeatView) -> messages.SeatRow:
    return messages.SeatRow(**{name: getattr(seat, name) for name in messages.SeatRow.__struct_fields__})


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000
