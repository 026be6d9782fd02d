"""Notices of the service as signalling messages, with the names that people read."""

from collections.abc import Callable, Sequence
from typing import Any

from relay.catalogue import Directory
from relay.errors import RelayError
from relay.server import messages
from relay.server.problem import problem_of
from relay.service import notices
from relay.service.views import SeatView

MAX_ITEMS = 500
"""In a welcome; ten thousand of them would be a megabyte for each kiosk that comes back after a power cut."""
_KEPT_LISTS = 256


class Phrasebook:
    """Puts notices into messages; knows the names of items."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._items: dict[frozenset[str] | None, list[messages.ItemInfo]] = {}

    def message_of(self, notice: notices.Notice) -> messages.ServerMessage:
        """The message that says it."""
        return _MESSAGES[type(notice)](self, notice)

    def items(self, codes: list[str] | None = None) -> list[messages.ItemInfo]:
        """The items under any of these codes, or all of them, as a client shows them; at most `MAX_ITEMS`."""
        key = None if codes is None else frozenset(codes)
        if key not in self._items:
            if len(self._items) >= _KEPT_LISTS:
                self._items.clear()
            self._items[key] = self._item_infos(codes)
        return self._items[key]

    def directory(self, seats: Sequence[SeatView], re: int = 0) -> messages.Directory:
        """Whom a call can be passed on to."""
        return messages.Directory(
            re=re,
            items=self.items(),
            regions=[
                messages.RegionInfo(code=region.code, name_zh=region.name_zh, name_en=region.name_en)
                for region in self._directory.catalogue.regions[:MAX_ITEMS]
            ],
            seats=[
                messages.ColleagueInfo(seat=seat.seat, name=seat.name, region=seat.region, state=seat.state)
                for seat in seats[:MAX_ITEMS]
            ],
        )

    def _item_infos(self, codes: list[str] | None) -> list[messages.ItemInfo]:
        catalogue = self._directory
        items = catalogue.catalogue.items if codes is None else catalogue.items_of(codes)
        return [
            messages.ItemInfo(
                code=item.code,
                name_zh=item.name_zh,
                name_en=item.name_en,
                group_zh=catalogue.department(item.department).name_zh,
                group_en=catalogue.department(item.department).name_en,
            )
            for item in items[:MAX_ITEMS]
        ]

    def ringing(self, notice: notices.Ringing) -> messages.OfferMade:
        """An offer, with the item's names."""
        call = notice.call
        item, region = self._directory.item_or_code(call.item), self._directory.find_region(call.region)
        return messages.OfferMade(
            offer=notice.offer,
            call=call.call,
            item=call.item,
            item_zh=item.name_zh,
            item_en=item.name_en,
            kind=call.kind,
            region=call.region,
            region_zh=region.name_zh if region else "",
            region_en=region.name_en if region else "",
            language=call.language,
            priority=[call.priority],
            party=notice.party,
            waited_s=call.waited_s,
            expires_in_ms=round(notice.expires_in_s * 1000),
            purpose=call.purpose,  # type: ignore[arg-type]
            parent=call.parent,
        )


def call_state(notice: notices.CallChanged, re: int = 0) -> messages.CallState:
    """A call as its party sees it."""
    call = notice.call
    return messages.CallState(
        re=re,
        call=call.call,
        state="connected" if call.state == "wrap-up" else call.state,
        item=call.item,
        kind=call.kind,
        position=call.position,
        expected_wait_s=call.expected_wait_s,
        waited_s=call.waited_s,
        party=notice.party,
        active=list(notice.active),  # type: ignore[arg-type]
        members=[
            messages.MemberInfo(
                who=member.who,
                role=member.role,  # type: ignore[arg-type]
                name=member.name,
                held=member.held,
                place=member.place,
            )
            for member in call.members
        ],
        callback=bool(call.contact),
        recorded=notice.recorded,
        reason=notice.reason,
    )


def failed(error: Exception, re: int = 0) -> messages.Failed:
    """The reply to a request that was refused."""
    problem = problem_of(error)
    slug = error.problem if isinstance(error, RelayError) else RelayError.problem
    return messages.Failed(
        re=re,
        problem=slug,
        title=problem.title,
        status=problem.status,
        detail=problem.detail,
        hint=problem.hint,
        retry_after_s=problem.retry_after_s,
    )


def _call_over(_: Phrasebook, notice: notices.CallOver) -> messages.CallState:
    return messages.CallState(call=notice.call, state="ended", reason=notice.reason)


def _seat(_: Phrasebook, notice: notices.SeatChanged) -> messages.SeatState:
    seat = notice.seat
    return messages.SeatState(
        state=seat.state, call=seat.call, until_ms=round(seat.until_s * 1000), reason=notice.reason
    )


def _ringing_back(_: Phrasebook, notice: notices.RingingBack) -> messages.RingingBack:
    return messages.RingingBack(
        call=notice.call.call, item=notice.call.item, expires_in_ms=round(notice.expires_in_s * 1000)
    )


def _ringing_over(_: Phrasebook, notice: notices.RingingOver) -> messages.OfferEnded:
    return messages.OfferEnded(offer=notice.offer, outcome=notice.outcome)


def _source(_: Phrasebook, notice: notices.SourceSwitched) -> messages.SourceChanged:
    return messages.SourceChanged(call=notice.call, source=notice.source, active=notice.active)  # type: ignore[arg-type]


def _media_lost(_: Phrasebook, notice: notices.MediaLost) -> messages.MediaLost:
    return messages.MediaLost(reason=notice.reason)


def _encodings(_: Phrasebook, notice: notices.EncodingsChosen) -> messages.SourceEncodings:
    return messages.SourceEncodings(source=notice.source, rids=[*notice.rids])  # type: ignore[arg-type]


_MESSAGES: dict[type[notices.Notice], Callable[[Phrasebook, Any], messages.ServerMessage]] = {
    notices.CallChanged: lambda _, notice: call_state(notice),
    notices.CallOver: _call_over,
    notices.Ringing: Phrasebook.ringing,
    notices.RingingBack: _ringing_back,
    notices.RingingOver: _ringing_over,
    notices.SeatChanged: _seat,
    notices.SourceSwitched: _source,
    notices.MediaLost: _media_lost,
    notices.EncodingsChosen: _encodings,
    notices.SpeakerTurned: lambda _, notice: messages.SpeakerTurned(call=notice.call, place=notice.place),
}
