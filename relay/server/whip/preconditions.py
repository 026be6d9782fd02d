"""Entity tags of ICE sessions (RFC 9110 §8.8.3, RFC 9725 §4.3): may this request still change what it means to change?"""

import re
from typing import Final

from relay.errors import Conflict, Malformed

_ETAG: Final = re.compile(r'\s*(W/)?"([\x21\x23-\x7e]*)"\s*(?:,|$)')
ANY: Final = "*"


class PreconditionFailed(Conflict):
    """The ICE session has been restarted since."""

    problem = "precondition-failed"
    status = 412
    hint = "Candidates belong to one ICE session: send those of the present one, with its entity tag."


class PreconditionRequired(Conflict):
    """This needs an `If-Match` header."""

    problem = "precondition-required"
    status = 428
    hint = "Send the `ETag` of the session's creation with candidates, and `*` to restart ICE."


def etag_of(ufrag: str) -> str:
    """The strong entity tag of the ICE session that the relay's `ufrag` names."""
    return f'"{ufrag}"'


def check(if_match: str | None, etag: str) -> bool:
    """Whether a request's `If-Match` is `*`; a tag of the present session is none.

    Raises `PreconditionRequired` without one, `PreconditionFailed` for another session's, `Malformed` for no tag at all.
    """
    if if_match is None:
        raise PreconditionRequired
    if if_match.strip() == ANY:
        return True
    if etag not in _strong_tags(if_match):
        raise PreconditionFailed
    return False


def _strong_tags(text: str) -> list[str]:
    tags, position = [], 0
    while position < len(text):
        match = _ETAG.match(text, position)
        if match is None:
            raise Malformed("If-Match is no list of entity tags", position)
        # RFC 9110 §13.1.1: If-Match compares strongly, so a weak tag is never the same.
        if not match[1]:
            tags.append(f'"{match[2]}"')
        position = match.end()
    return tags
