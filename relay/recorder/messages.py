"""What the relay and its recorder say to each other: one JSON object a line."""

from typing import Final

import msgspec

MEDIA_LOST: Final = "media-lost"
"""Why a recorder is over whose worker is gone: another one can take its place."""


class Start(msgspec.Struct, tag="start", tag_field="type"):
    """The first line: what to record, and where."""

    call: str
    stem: str
    """Of the file names."""
    directory: str
    host: str
    """Where the media port is reached on this machine."""
    slots: dict[str, str]
    """Slot → `audio` or `video`."""
    segment_s: float
    segment_bytes: int
    consent: str
    reason: str


class Answer(msgspec.Struct, tag="answer", tag_field="type"):
    """The relay's answer to the `Offer`."""

    sdp: str


class FedBy(msgspec.Struct, frozen=True):
    """Whose source feeds a slot."""

    participant: str
    """`kiosk/k-1`."""
    role: str
    """In the call: `citizen`, `agent`, `member`, …"""
    source: str
    """`microphone`, `camera`, `document`, `screen`."""

    @property
    def label(self) -> str:
        """For the names of tracks."""
        return f"{self.participant} {self.source}"


class Feed(msgspec.Struct, tag="feed", tag_field="type"):
    """What feeds the slots from now on; one that is not named is fed from nothing."""

    slots: dict[str, FedBy]


class Stop(msgspec.Struct, tag="stop", tag_field="type"):
    """Finish the files, and go."""

    reason: str


Command = Start | Answer | Feed | Stop


class Offer(msgspec.Struct, tag="offer", tag_field="type"):
    """The recorder as a peer of the media plane."""

    sdp: str
    slots: dict[str, str]
    """MID → slot."""


class Progress(msgspec.Struct, tag="progress", tag_field="type"):
    """Once a second."""

    totals: dict[str, dict[str, int]]
    """By slot: packets, lost, malformed."""
    written_bytes: int


class Over(msgspec.Struct, tag="over", tag_field="type"):
    """The last line."""

    reason: str
    totals: dict[str, dict[str, int]]
    written_bytes: int


Telling = Offer | Progress | Over
