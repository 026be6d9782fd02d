"""What all commands share."""

import msgspec


class Command(msgspec.Struct, frozen=True, gc=False, tag=True, forbid_unknown_fields=True):
    """What all commands share; on the wire `type` names the command."""
