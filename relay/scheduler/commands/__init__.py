"""What may be asked of the scheduler. One frozen struct each; `decide` turns it into events or raises a `Refusal`.

Identities of kiosks, seats, citizens, cases and windows are the caller's; identities of calls (`c1`), offers (`o1`) and
appointments (`a1`) are the engine's, counted up, and found in the events. A command is safe to repeat where its
docstring says so. Every command may raise `ClockWentBackwards`, and `NotInPhase` where the call or seat is in another
phase than it needs (`lifecycle.COMMAND_PHASES`).
"""

from .appointments import BookAppointment, CancelAppointment, CheckIn, CloseBooking, OpenBooking
from .command import Command
from .conversation import (
    CompleteTransfer,
    ConfirmMedia,
    FailMedia,
    FinishWrapUp,
    HoldCall,
    InviteSeat,
    LeaveCall,
    MergeCall,
    ResumeCall,
    StopSupervising,
    Supervise,
    TransferCall,
)
from .demand import AnswerCallback, FailCallback, HangUp, KioskSeen, Reprioritise, RequestCall, RequestCallback
from .engine import Configure, DefineItems, DefineRegions, Recover, RetireItems, Tick
from .offers import AcceptOffer, DeclineOffer, WithdrawOffer
from .supply import Drain, LogIn, LogOut, ReportPath, SeatSeen, SetReady, TakeBreak, UpdateSeat

__all__ = [
    "AcceptOffer",
    "AnswerCallback",
    "AnyCommand",
    "BookAppointment",
    "CancelAppointment",
    "CheckIn",
    "CloseBooking",
    "Command",
    "CompleteTransfer",
    "Configure",
    "ConfirmMedia",
    "DeclineOffer",
    "DefineItems",
    "DefineRegions",
    "Drain",
    "FailCallback",
    "FailMedia",
    "FinishWrapUp",
    "HangUp",
    "HoldCall",
    "InviteSeat",
    "KioskSeen",
    "LeaveCall",
    "LogIn",
    "LogOut",
    "MergeCall",
    "OpenBooking",
    "Recover",
    "ReportPath",
    "Reprioritise",
    "RequestCall",
    "RequestCallback",
    "ResumeCall",
    "RetireItems",
    "SeatSeen",
    "SetReady",
    "StopSupervising",
    "Supervise",
    "TakeBreak",
    "Tick",
    "TransferCall",
    "UpdateSeat",
    "WithdrawOffer",
]

AnyCommand = (
    RequestCall
    | HangUp
    | Reprioritise
    | KioskSeen
    | RequestCallback
    | AnswerCallback
    | FailCallback
    | LogIn
    | UpdateSeat
    | SetReady
    | TakeBreak
    | Drain
    | LogOut
    | SeatSeen
    | ReportPath
    | AcceptOffer
    | DeclineOffer
    | WithdrawOffer
    | ConfirmMedia
    | FailMedia
    | HoldCall
    | ResumeCall
    | TransferCall
    | InviteSeat
    | MergeCall
    | CompleteTransfer
    | LeaveCall
    | Supervise
    | StopSupervising
    | FinishWrapUp
    | OpenBooking
    | CloseBooking
    | BookAppointment
    | CancelAppointment
    | CheckIn
    | DefineItems
    | RetireItems
    | DefineRegions
    | Configure
    | Recover
    | Tick
)
"""For decoders: `msgspec.json.Decoder(AnyCommand)`."""
