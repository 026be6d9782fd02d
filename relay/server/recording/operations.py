"""Recordings over HTTP: the operations, and the table of them."""

from typing import Annotated

import msgspec
from msgspec import Meta

from relay.errors import LimitReached, NotFound, Unavailable
from relay.server.context import Context
from relay.server.messages import Name, ShortText
from relay.server.operations import ApiRequest, Operation, Parameter
from relay.server.recording.desk import ConsentMissing, RecordingOff, RecordingView


class StartRecording(msgspec.Struct, kw_only=True):
    """Why a call is recorded, and how those in it agreed."""

    reason: Annotated[str, Meta(min_length=1, max_length=200)]
    consent: ShortText = ""
    """How consent was given (`asked at the kiosk, 2026-03-01`); kept in the index of the recording."""


async def start_recording(context: Context, request: ApiRequest) -> RecordingView:
    """Record a call from now on."""
    body: StartRecording = request.body
    return context.recordings.start(request.values["call"], body.reason, body.consent)


async def stop_recording(context: Context, request: ApiRequest) -> None:
    """End a recording; its files are complete when this is answered."""
    await context.recordings.stop(request.values["call"], request.values["reason"])


async def list_recordings(context: Context, _: ApiRequest) -> list[RecordingView]:
    """The recordings that run."""
    return context.recordings.recordings()


_CALL = Parameter("call", "path", Name, "The call.")
_REASON = Parameter("reason", "query", ShortText, "Kept in the index of the recording.", required=False, default="")

RECORDING_OPERATIONS = (
    Operation(
        "PUT", "/api/calls/{call}/recording", "Record a call from now on", start_recording, RecordingView,
        parameters=(_CALL,), body=StartRecording, refusals=(NotFound, RecordingOff, ConsentMissing, LimitReached, Unavailable),
    ),
    Operation(
        "DELETE", "/api/calls/{call}/recording", "End a recording", stop_recording, None,
        parameters=(_CALL, _REASON), status=204, refusals=(NotFound,),
    ),
    Operation("GET", "/api/recordings", "Recordings that run", list_recordings, list[RecordingView]),
)  # fmt: skip
