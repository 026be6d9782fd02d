"""Signalling messages: one typed schema for both encodings of the WebSocket (`relay.json`, `relay.msgpack`).

A request carries an `id` of the client's choice; the reply to it (`ok`, `answer`, `failed` …) carries it back as `re`.
All other messages of the server are sent when something happens. Unknown fields are ignored, unknown types refused.
The JSON Schema served at `/api/schema/signalling.json` is generated from these classes.
"""

from relay.server.messages.board import CallRow, QueueRow, SeatRow, Wallboard
from relay.server.messages.conversation import (
    AnswerCallback,
    HandOver,
    Invite,
    Invited,
    Leave,
    Merge,
    RequestCallback,
    RingingBack,
    StopSupervising,
    Supervise,
    Target,
    Transfer,
)
from relay.server.messages.directory import ColleagueInfo, Directory, GetDirectory, RegionInfo
from relay.server.messages.replies import (
    Answer,
    CallState,
    Failed,
    IceServerInfo,
    ItemInfo,
    MediaLost,
    MemberInfo,
    OfferEnded,
    OfferMade,
    Ok,
    Reply,
    SeatState,
    SourceChanged,
    SourceEncodings,
    SpeakerTurned,
    Welcome,
)
from relay.server.messages.requests import (
    AcceptOffer,
    DeclineOffer,
    FinishWrapUp,
    FirstFrame,
    HangUp,
    Heartbeat,
    Hello,
    Hold,
    Offer,
    ReportMedia,
    Request,
    RequestCall,
    SetPresence,
    SetSource,
    SlotQuality,
    Watch,
)
from relay.server.messages.vocabulary import CallKind, CloseCode, Mid, Name, Sdp, ShortText, Slot, Source, Stem

ClientMessage = (
    Hello
    | Offer
    | RequestCall
    | HangUp
    | SetPresence
    | AcceptOffer
    | DeclineOffer
    | Hold
    | FinishWrapUp
    | SetSource
    | FirstFrame
    | ReportMedia
    | Heartbeat
    | Watch
    | Transfer
    | Invite
    | Merge
    | HandOver
    | Leave
    | Supervise
    | StopSupervising
    | RequestCallback
    | AnswerCallback
    | GetDirectory
)
ServerMessage = (
    Ok
    | Failed
    | Welcome
    | Answer
    | CallState
    | OfferMade
    | OfferEnded
    | SeatState
    | SourceChanged
    | MediaLost
    | SourceEncodings
    | SpeakerTurned
    | Wallboard
    | Invited
    | RingingBack
    | Directory
)

__all__ = [
    "AcceptOffer",
    "Answer",
    "AnswerCallback",
    "CallKind",
    "CallRow",
    "CallState",
    "ClientMessage",
    "CloseCode",
    "ColleagueInfo",
    "DeclineOffer",
    "Directory",
    "Failed",
    "FinishWrapUp",
    "FirstFrame",
    "GetDirectory",
    "HandOver",
    "HangUp",
    "Heartbeat",
    "Hello",
    "Hold",
    "IceServerInfo",
    "Invite",
    "Invited",
    "ItemInfo",
    "Leave",
    "MediaLost",
    "MemberInfo",
    "Merge",
    "Mid",
    "Name",
    "Offer",
    "OfferEnded",
    "OfferMade",
    "Ok",
    "QueueRow",
    "RegionInfo",
    "Reply",
    "ReportMedia",
    "Request",
    "RequestCall",
    "RequestCallback",
    "RingingBack",
    "Sdp",
    "SeatRow",
    "SeatState",
    "ServerMessage",
    "SetPresence",
    "SetSource",
    "ShortText",
    "Slot",
    "SlotQuality",
    "Source",
    "SourceChanged",
    "SourceEncodings",
    "SpeakerTurned",
    "Stem",
    "StopSupervising",
    "Supervise",
    "Target",
    "Transfer",
    "Wallboard",
    "Watch",
    "Welcome",
]
