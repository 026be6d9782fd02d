"""Whom a call can be passed on to: items, regions and seats, with the names that people read."""

import msgspec

from relay.server.messages.replies import ItemInfo, Reply
from relay.server.messages.requests import Request


class GetDirectory(Request, kw_only=True, tag="directory.get"):
    """Seat or supervisor: whom a call can be passed on to. Reply: `directory`."""


class RegionInfo(msgspec.Struct, kw_only=True):
    """One administrative division."""

    code: str
    name_zh: str
    name_en: str


class ColleagueInfo(msgspec.Struct, kw_only=True):
    """One seat that is online."""

    seat: str
    name: str
    region: str
    state: str


class Directory(Reply, kw_only=True, tag="directory"):
    """At most 500 of each; `GET /api/items` and `GET /api/regions` have all."""

    items: list[ItemInfo]
    regions: list[RegionInfo]
    seats: list[ColleagueInfo]
