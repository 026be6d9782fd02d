"""STUN messages (RFC 8489), with the attributes that ICE adds (RFC 8445 §7.1, §16.1).

`parse` checks the shape in the RFC's order: length, the two zero bits, the cookie, the length field, each attribute, and
FINGERPRINT if there is one. Attributes behind MESSAGE-INTEGRITY are not protected by it and are ignored, but for
FINGERPRINT (§14.5): nobody on the path can add a USE-CANDIDATE. Of a repeated attribute the first counts (§14).
"""

import binascii
import hashlib
import hmac
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, NamedTuple

from relay.errors import Malformed, Misuse
from relay.sfu.wire.address import Address, host_of, packed_host

MAGIC_COOKIE: Final = 0x2112A442
BINDING: Final = 0x001
MAX_BYTES: Final = 1500
"""A check is under 200 bytes; what would not fit an Ethernet frame is not one."""

_HEADER: Final = struct.Struct("!HHI12s")
_ATTRIBUTE: Final = struct.Struct("!HH")
_COOKIE_BYTES: Final = MAGIC_COOKIE.to_bytes(4, "big")
_CLASS_BITS: Final = 0x110
_INTEGRITY_BYTES: Final = 20
_FINGERPRINT_XOR: Final = 0x5354554E
_IPV4: Final = 1
_IPV6: Final = 2
_ADDRESS_BYTES: Final = {_IPV4: 4, _IPV6: 16}
_FIRST_OPTIONAL: Final = 0x8000


class MessageClass(IntEnum):
    """The two class bits, as they lie in the message type (RFC 8489 §5)."""

    REQUEST = 0x000
    INDICATION = 0x010
    SUCCESS = 0x100
    ERROR = 0x110


class AttributeType(IntEnum):
    """The attributes that relay gives a meaning."""

    USERNAME = 0x0006
    MESSAGE_INTEGRITY = 0x0008
    ERROR_CODE = 0x0009
    UNKNOWN_ATTRIBUTES = 0x000A
    XOR_MAPPED_ADDRESS = 0x0020
    PRIORITY = 0x0024
    USE_CANDIDATE = 0x0025
    SOFTWARE = 0x8022
    FINGERPRINT = 0x8028
    ICE_CONTROLLED = 0x8029
    ICE_CONTROLLING = 0x802A


class ErrorCode(NamedTuple):
    """Why a request was refused (RFC 8489 §14.8)."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message. What is None or empty is absent."""

    method: int
    cls: MessageClass
    transaction_id: bytes
    """12 bytes."""
    username: str | None = None
    priority: int | None = None
    use_candidate: bool = False
    ice_controlling: int | None = None
    """The tie-breaker, 64 bits; present if the sender believes to be controlling."""
    ice_controlled: int | None = None
    xor_mapped_address: Address | None = None
    error: ErrorCode | None = None
    unknown_attributes: tuple[int, ...] = ()
    software: str | None = None
    others: tuple[tuple[int, bytes], ...] = ()
    """(type, value) of the attributes that have no field here."""
    has_fingerprint: bool = field(default=False, compare=False)
    protected: bytes = field(default=b"", compare=False, repr=False)
    """Of a parsed message: the bytes that MESSAGE-INTEGRITY is computed over; empty without it."""
    integrity: bytes = field(default=b"", compare=False, repr=False)
    """Of a parsed message: the value of MESSAGE-INTEGRITY; empty without it."""

    @property
    def not_understood(self) -> tuple[int, ...]:
        """The types of `others` that a receiver must understand to answer (RFC 8489 §14)."""
        return tuple(attribute for attribute, _ in self.others if attribute < _FIRST_OPTIONAL)

    def verify_integrity(self, key: bytes) -> bool:
        """Whether the message was received with a MESSAGE-INTEGRITY made with `key`; in constant time."""
        if not self.integrity:
            return False
        return hmac.compare_digest(_hmac_sha1(key, self.protected), self.integrity)

    def serialise(self, integrity_key: bytes | None = None, *, fingerprint: bool = True) -> bytes:
        """The message; with MESSAGE-INTEGRITY if a key is given. Misuse if a field does not fit."""
        message_type = _join_type(self.method, self.cls)
        body = b"".join(_push_attributes(self))
        if integrity_key is not None:
            covered = _header(message_type, len(body) + 4 + _INTEGRITY_BYTES, self.transaction_id) + body
            body += _attribute(AttributeType.MESSAGE_INTEGRITY, _hmac_sha1(integrity_key, covered))
        if fingerprint:
            covered = _header(message_type, len(body) + 8, self.transaction_id) + body
            body += _attribute(AttributeType.FINGERPRINT, _crc(covered))
        return _header(message_type, len(body), self.transaction_id) + body


def parse(data: bytes | memoryview) -> Message:
    """The message in a datagram. Raises Malformed."""
    data = bytes(data)
    message_type, transaction_id = _pull_header(data)
    fields: dict[str, Any] = {}
    others: list[tuple[int, bytes]] = []
    for offset, attribute, value in _pull_attributes(data):
        if attribute == AttributeType.FINGERPRINT:
            _check_fingerprint(data, offset, value)
            fields["has_fingerprint"] = True
            break
        if "integrity" in fields:
            continue
        if attribute == AttributeType.MESSAGE_INTEGRITY:
            fields["integrity"] = _integrity(value, offset)
            fields["protected"] = _protected(data, offset)
        elif (codec := _CODECS.get(attribute)) is None:
            others.append((attribute, value))
        elif codec.name not in fields:
            fields[codec.name] = _pull_value(codec, value, transaction_id, offset)
    method, cls = _split_type(message_type)
    return Message(method, cls, transaction_id, others=tuple(others), **fields)


def peek_username(data: bytes | memoryview) -> str | None:
    """The USERNAME of a Binding request, or None; never raises. For finding the peer before any cryptography."""
    data = bytes(data)
    try:
        message_type, _ = _pull_header(data)
        if message_type != BINDING:
            return None
        values = (value for _, attribute, value in _pull_attributes(data) if attribute == AttributeType.USERNAME)
        value = next(values, None)
        return None if value is None else value.decode("utf-8")
    except (Malformed, UnicodeDecodeError):
        return None


def is_response(data: bytes | memoryview) -> bool:
    """Whether a STUN datagram is a success or an error response, by the class bit that both have (RFC 8489 §5)."""
    return len(data) > 0 and bool(data[0] & 0x01)


def _pull_header(data: bytes) -> tuple[int, bytes]:
    if not _HEADER.size <= len(data) <= MAX_BYTES:
        raise Malformed("STUN message has an impossible length", len(data))
    message_type, length, cookie, transaction_id = _HEADER.unpack_from(data)
    if message_type & 0xC000:
        raise Malformed("STUN message does not begin with two zero bits", 0)
    if cookie != MAGIC_COOKIE:
        raise Malformed("STUN magic cookie is missing", 4)
    if length % 4 or length != len(data) - _HEADER.size:
        raise Malformed("STUN length field does not fit the datagram", 2)
    return message_type, transaction_id


def _pull_attributes(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(offset, type, value), padding removed. The header has been checked, so the end is a multiple of four."""
    offset = _HEADER.size
    while offset < len(data):
        attribute, length = _ATTRIBUTE.unpack_from(data, offset)
        start = offset + _ATTRIBUTE.size
        if start + length > len(data):
            raise Malformed("STUN attribute overruns the message", offset)
        yield offset, attribute, data[start : start + length]
        offset = start + length + -length % 4


def _check_fingerprint(data: bytes, offset: int, value: bytes) -> None:
    covered = data[:2] + (offset + 8 - _HEADER.size).to_bytes(2, "big") + data[4:offset]
    if value != _crc(covered):
        raise Malformed("STUN fingerprint is wrong", offset)


def _integrity(value: bytes, offset: int) -> bytes:
    if len(value) != _INTEGRITY_BYTES:
        raise Malformed("MESSAGE-INTEGRITY is not 20 bytes", offset)
    return value


def _protected(data: bytes, offset: int) -> bytes:
    # The length field counts up to and including MESSAGE-INTEGRITY, whatever follows it (RFC 8489 §14.5).
    length = offset + _ATTRIBUTE.size + _INTEGRITY_BYTES - _HEADER.size
    return data[:2] + length.to_bytes(2, "big") + data[4:offset]


def _hmac_sha1(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, hashlib.sha1)


def _crc(data: bytes) -> bytes:
    return (binascii.crc32(data) ^ _FINGERPRINT_XOR).to_bytes(4, "big")


def _split_type(message_type: int) -> tuple[int, MessageClass]:
    method = message_type & 0x000F | (message_type & 0x00E0) >> 1 | (message_type & 0x3E00) >> 2
    return method, MessageClass(message_type & _CLASS_BITS)


def _join_type(method: int, cls: MessageClass) -> int:
    if not 0 <= method <= 0xFFF:
        raise Misuse(f"STUN method {method} has more than 12 bits")
    return method & 0x000F | (method & 0x0070) << 1 | (method & 0x0F80) << 2 | cls


def _header(message_type: int, length: int, transaction_id: bytes) -> bytes:
    if len(transaction_id) != 12:
        raise Misuse("a STUN transaction id has 12 bytes")
    return _HEADER.pack(message_type, length, MAGIC_COOKIE, transaction_id)


def _attribute(attribute: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(attribute, len(value)) + value + bytes(-len(value) % 4)


def _push_attributes(message: Message) -> Iterator[bytes]:
    for attribute, codec in _CODECS.items():
        value = getattr(message, codec.name)
        if value is not None and value is not False and value != ():
            yield _attribute(attribute, codec.push(value, message.transaction_id))
    for other, raw in message.others:
        yield _attribute(other, raw)


class _Codec(NamedTuple):
    """How one field of Message travels. `pull` may raise ValueError, which becomes Malformed."""

    name: str
    pull: Callable[[bytes, bytes], Any]
    push: Callable[[Any, bytes], bytes]


def _pull_value(codec: _Codec, value: bytes, transaction_id: bytes, offset: int) -> object:
    try:
        return codec.pull(value, transaction_id)
    except ValueError as error:
        raise Malformed(f"STUN {codec.name}: {error}", offset) from None


def _pull_text(value: bytes, _transaction_id: bytes) -> str:
    return value.decode("utf-8")


def _push_text(text: str, _transaction_id: bytes) -> bytes:
    return text.encode("utf-8")


def _integer_codec(name: str, size: int) -> _Codec:
    def pull(value: bytes, _transaction_id: bytes) -> int:
        if len(value) != size:
            raise ValueError(f"not {size} bytes")
        return int.from_bytes(value, "big")

    return _Codec(name, pull, lambda number, _: number.to_bytes(size, "big"))


def _pull_flag(value: bytes, _transaction_id: bytes) -> bool:
    if value:
        raise ValueError("not empty")
    return True


def _pull_error(value: bytes, _transaction_id: bytes) -> ErrorCode:
    if len(value) < 4:
        raise ValueError("cut short")
    return ErrorCode((value[2] & 7) * 100 + value[3], value[4:].decode("utf-8"))


def _push_error(error: ErrorCode, _transaction_id: bytes) -> bytes:
    return bytes((0, 0, error.code // 100, error.code % 100)) + error.reason.encode("utf-8")


def _pull_types(value: bytes, _transaction_id: bytes) -> tuple[int, ...]:
    if len(value) % 2:
        raise ValueError("odd length")
    return struct.unpack(f"!{len(value) // 2}H", value)


def _push_types(types: tuple[int, ...], _transaction_id: bytes) -> bytes:
    return struct.pack(f"!{len(types)}H", *types)


def _pull_address(value: bytes, transaction_id: bytes) -> Address:
    size = _ADDRESS_BYTES.get(value[1]) if len(value) >= 4 else None
    if size is None or len(value) != 4 + size:
        raise ValueError("neither an IPv4 nor an IPv6 address")
    port = int.from_bytes(value[2:4], "big") ^ MAGIC_COOKIE >> 16
    return host_of(_masked(value[4:], transaction_id)), port


def _push_address(address: Address, transaction_id: bytes) -> bytes:
    host = packed_host(address[0])
    family = _IPV4 if len(host) == 4 else _IPV6
    port = (address[1] ^ MAGIC_COOKIE >> 16).to_bytes(2, "big")
    return bytes((0, family)) + port + _masked(host, transaction_id)


def _masked(host: bytes, transaction_id: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(host, _COOKIE_BYTES + transaction_id, strict=False))


# In the order in which they are written.
_CODECS: Final[dict[int, _Codec]] = {
    AttributeType.SOFTWARE: _Codec("software", _pull_text, _push_text),
    AttributeType.ERROR_CODE: _Codec("error", _pull_error, _push_error),
    AttributeType.UNKNOWN_ATTRIBUTES: _Codec("unknown_attributes", _pull_types, _push_types),
    AttributeType.XOR_MAPPED_ADDRESS: _Codec("xor_mapped_address", _pull_address, _push_address),
    AttributeType.PRIORITY: _integer_codec("priority", 4),
    AttributeType.USE_CANDIDATE: _Codec("use_candidate", _pull_flag, lambda _flag, _: b""),
    AttributeType.ICE_CONTROLLED: _integer_codec("ice_controlled", 8),
    AttributeType.ICE_CONTROLLING: _integer_codec("ice_controlling", 8),
    AttributeType.USERNAME: _Codec("username", _pull_text, _push_text),
}
