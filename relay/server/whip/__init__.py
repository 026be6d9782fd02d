"""Publishing by WHIP (RFC 9725) and watching by WHEP (draft-ietf-wish-whep): standard tools as peers of the relay."""
