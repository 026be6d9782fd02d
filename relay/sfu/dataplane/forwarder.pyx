"""The packet path as Python sees it: `relay.sfu.ports.Forwarder`.

All calls come from one thread. Handles carry a generation: one that was removed is never taken for another. What a
peer can make the relay hold is bounded by the limits given here and by the constants of `worker.pxd`.
"""

from secrets import randbits

import cython

from cpython.exc cimport PyErr_SetFromErrno
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from ._inet cimport sockaddr_in6
from .batch cimport BATCH, Connection, Lane, inbox_close, inbox_open, outbox_close, outbox_open, tray_close, tray_open
from .connections cimport STREAM, connection_behind, connection_close, connection_open, connection_unpack
from .departures cimport departures_close
from .encodings cimport leave_source, select_layer
from .endpoint cimport format_address, parse_address, read_sockaddr
from .forward cimport forward
from .given cimport given_name, given_payloads, given_rids
from .history cimport ring_close, sent_close
from .hops cimport counters_of, residence_of
from .pacer cimport pacer_close
from .pacing cimport abandon, probe, release, set_pace
from .parity cimport MAX_GROUP, parity_close
from .readings cimport (
    read_downlink, read_downlinks, read_layer, read_layers, read_notices, read_reception, read_sender_info, read_slot,
    read_track, read_tray,
)
from .receive cimport reception_close
from .repair cimport ask_for_missing
from .rewrite cimport rewrite_open
from .routes cimport (
    Key, Pool, pool_close, pool_open, pool_row, pool_take, stream_key, table_close, table_find, table_open,
)
from .socket cimport (
    clock_ns, connection_name, connection_read, connections_retry, socket_attach, socket_flush, socket_receive, socket_send,
)
from .srtp cimport open_session, protect_rtcp, session_pointer
from .types cimport LAYERS, MAX_KINDS, MAX_PACKET, MAX_PAYLOADS, NOTHING, TRAILER, VIDEO, Endpoint
from .uplink cimport report_arrivals
from .streams cimport bind
from .wiring cimport (
    adopt_address, attach_slot, forget_sent, leave_address, open_encoding, open_lane, open_peer,
    open_slot, open_track, remove_peer, remove_slot, remove_track, want_keyframes,
)
from .worker cimport MAX_ADDRESSES, MAX_MID, MAX_RID, NoticeRow, Payload, Peer, Slot, Track, Worker

cdef enum:
    BATCHES = 8                # of one wake-up: others want the loop too
    READS = 4                  # of one connection, likewise
    TRAY_DATAGRAMS = 256       # of one wake-up: STUN and DTLS cost Python time that calls in progress need
    TRAY_BYTES = 256 * 1024
    NOTICES_PER_TRACK = 4
    KEYS_PER_TRACK = 4         # own SSRC and that of retransmissions, each with its peer and without
    KEYS_PER_SLOT = 2
    MAX_ROWS = 1 << 24         # what a handle has room for
    MAX_SPENT = 4096           # SSRCs used under one key


cdef void* _rows(size_t count, size_t size) except NULL:
    cdef void* rows = calloc(count, size)
    if rows == NULL:
        raise MemoryError
    return rows


cdef Connection* _closed_connections(int32_t count) except NULL:
    cdef Connection* rows = <Connection*> _rows(count, sizeof(Connection))
    for row in range(count):
        rows[row].fd = NOTHING
    return rows


cdef int32_t _take(Pool* pool, str what) except -1:
    cdef int32_t row = pool_take(pool)
    if row == NOTHING:
        raise MemoryError(f"as many {what} as allowed")
    return row


@cython.final
cdef class Forwarder:
    """The packet path of one worker. Limits: peers, tracks and slots; bytes kept for retransmission by all of them;
    packets waiting for the socket."""

    cdef Worker worker
    cdef dict sessions         # peer row → the Python SRTP sessions behind its pointers
    cdef dict spent            # peer row → SSRCs that were sent under its keys

    def __cinit__(
        self,
        *,
        int32_t max_peers=1024,
        int32_t max_tracks=4096,
        int32_t max_slots=8192,
        int64_t history_bytes=1 << 30,
        int32_t queue_packets=1024,
        int32_t max_connections=1024,
        int64_t peer_rate_bps=0,
    ):
        cdef Worker* worker = &self.worker
        if (
            min(max_peers, max_tracks, max_slots, queue_packets, max_connections) < 1
            or max(max_peers, max_tracks, max_slots, 128 * max_connections) > MAX_ROWS
        ):
            raise ValueError("a limit is out of range")
        worker.peer_rate_bytes_s = max(0, peer_rate_bps // 8)
        self.sessions = {}
        self.spent = {}
        worker.fd = worker.first_wounded = worker.first_heard = worker.first_told = NOTHING
        worker.first_paced = NOTHING
        worker.budget.limit_bytes = history_bytes
        pool_open(&worker.peer_pool, max_peers, 1)
        pool_open(&worker.track_pool, max_tracks, 2)
        pool_open(&worker.slot_pool, max_slots, 3)
        pool_open(&worker.connection_pool, max_connections, 4)
        worker.peers = <Peer*> _rows(max_peers, sizeof(Peer))
        worker.tracks = <Track*> _rows(max_tracks, sizeof(Track))
        worker.slots = <Slot*> _rows(max_slots, sizeof(Slot))
        worker.stream = <uint8_t*> _rows(STREAM, 1)
        worker.connections = _closed_connections(max_connections)
        worker.notices = <NoticeRow*> _rows(NOTICES_PER_TRACK * max_tracks + max_slots, sizeof(NoticeRow))
        table_open(&worker.addresses, <int64_t> max_peers * MAX_ADDRESSES, randbits(64))
        keys = <int64_t> max_tracks * KEYS_PER_TRACK + <int64_t> max_slots * KEYS_PER_SLOT
        table_open(&worker.streams, keys, randbits(64))
        inbox_open(&worker.inbox)
        outbox_open(&worker.outbox, queue_packets)
        tray_open(&worker.tray, TRAY_DATAGRAMS, TRAY_BYTES)

    def __dealloc__(self):
        cdef Worker* worker = &self.worker
        if worker.tracks != NULL:
            for row in range(worker.track_pool.size):
                reception_close(&worker.tracks[row].reception)
                ring_close(&worker.tracks[row].ring)
                free(worker.tracks[row].dependency)
        if worker.slots != NULL:
            for row in range(worker.slot_pool.size):
                sent_close(&worker.slots[row].log)
                parity_close(&worker.slots[row].parity)
        if worker.peers != NULL:
            for row in range(worker.peer_pool.size):
                departures_close(&worker.peers[row].departures)
                pacer_close(&worker.peers[row].pacer)
        if worker.connections != NULL:
            for row in range(worker.connection_pool.size):
                free(worker.connections[row].queue)
        tray_close(&worker.tray)
        outbox_close(&worker.outbox)
        inbox_close(&worker.inbox)
        table_close(&worker.streams)
        table_close(&worker.addresses)
        pool_close(&worker.connection_pool)
        pool_close(&worker.slot_pool)
        pool_close(&worker.track_pool)
        pool_close(&worker.peer_pool)
        free(worker.stream)
        free(worker.connections)
        free(worker.notices)
        free(worker.slots)
        free(worker.tracks)
        free(worker.peers)

    cdef Peer* _peer(self, int64_t handle) except NULL:
        cdef int32_t row = pool_row(&self.worker.peer_pool, handle)
        if row == NOTHING:
            raise KeyError(f"no peer {handle}")
        return &self.worker.peers[row]

    cdef Track* _track(self, int64_t handle) except NULL:
        cdef int32_t row = pool_row(&self.worker.track_pool, handle)
        if row == NOTHING:
            raise KeyError(f"no track {handle}")
        return &self.worker.tracks[row]

    cdef Track* _lead(self, int64_t handle) except NULL:
        return &self.worker.tracks[self._track(handle).lead]

    cdef Slot* _slot(self, int64_t handle) except NULL:
        cdef int32_t row = pool_row(&self.worker.slot_pool, handle)
        if row == NOTHING:
            raise KeyError(f"no slot {handle}")
        return &self.worker.slots[row]

    cdef int _check_ssrcs(self, const Peer* peer, bint outgoing, uint32_t ssrc, uint32_t rtx_ssrc) except -1:
        cdef Key key
        for number in (ssrc, rtx_ssrc):
            key = stream_key(peer.row, outgoing, number)
            if number and table_find(&self.worker.streams, &key) != NOTHING:
                raise ValueError(f"SSRC in use: {number}")
        if ssrc and ssrc == rtx_ssrc:
            raise ValueError(f"SSRC given twice: {ssrc}")
        return 0

    cdef int _check_socket(self) except -1:
        if self.worker.fd == NOTHING:
            raise RuntimeError("attach a socket first")
        return 0

    def attach(self, int fd) -> None:
        """Use the bound UDP socket `fd`; the caller keeps it open. Raises OSError for what is no socket."""
        self.worker.family = socket_attach(fd)
        self.worker.fd = fd

    def pump(self) -> list:
        """Receive, forward and send until the socket would block or the share of one wake-up is used; return what is
        not media."""
        cdef Worker* worker = &self.worker
        cdef int count = 0
        self._check_socket()
        with nogil:
            for _ in range(BATCHES):
                count = socket_receive(worker.fd, &worker.inbox, &worker.hops)
                if count > 0:
                    forward(worker, count)
                if count < BATCH:
                    break
        if count == NOTHING:
            PyErr_SetFromErrno(OSError)
        return read_tray(worker)

    def open_connection(self, int fd) -> tuple:
        """Take an accepted TCP connection; the caller keeps `fd` open until `close_connection`. Returns the address of its other
        end, by way of the door that it is. MemoryError beyond the limit, OSError for what is not connected."""
        cdef Worker* worker = &self.worker
        cdef Connection* connection
        cdef Endpoint endpoint
        cdef sockaddr_in6 name
        connection_name(fd, &name)
        connection = connection_open(worker, _take(&worker.connection_pool, "connections"), fd)
        connection.name = name
        read_sockaddr(&name, &endpoint)
        endpoint.via = connection.door
        return format_address(&endpoint)

    cdef Connection* _connection(self, uint32_t door) except NULL:
        cdef Connection* connection = connection_behind(&self.worker, door)
        if connection == NULL:
            raise KeyError(f"no connection {door}")
        return connection

    def pump_connection(self, uint32_t door) -> list:
        """As `pump`, from one connection. EOFError when it has ended."""
        cdef Worker* worker = &self.worker
        cdef Connection* connection = self._connection(door)
        cdef int32_t length = 0, used
        cdef int reads = 0
        self._check_socket()
        with nogil:
            while reads < READS:
                length = connection_read(connection, worker.stream, &worker.hops)
                if length <= 0:
                    break
                used = 0
                while used < length:
                    forward(
                        worker,
                        connection_unpack(
                            connection, worker.stream, length, &used, &worker.inbox, clock_ns(), &worker.hops
                        ),
                    )
                reads += 1
                if length < STREAM:
                    break
        if length < 0 and reads == 0:
            raise EOFError
        return read_tray(worker)

    def close_connection(self, uint32_t door) -> None:
        """Forget it; a peer whose path it was has none until `set_path`."""
        cdef Connection* connection = self._connection(door)
        cdef Endpoint endpoint
        read_sockaddr(&connection.name, &endpoint)
        endpoint.via = connection.door
        leave_address(&self.worker, &endpoint)
        connection_close(&self.worker, connection)

    def transmit(self, bytes data not None, tuple address not None) -> bool:
        """Send one control datagram as it is; False when the socket would block or the kernel refuses."""
        cdef Endpoint endpoint
        cdef Lane lane
        parse_address(address, &endpoint)
        self._check_socket()
        open_lane(&self.worker, &endpoint, &lane)
        return lane.name_length > 0 and socket_send(
            self.worker.fd, &self.worker.outbox, data, <int> len(data), &lane, &self.worker.hops
        )

    def transmit_rtcp(self, int64_t peer, bytes compound not None) -> bool:
        """Protect a compound RTCP packet and send it to the peer; False without keys or path, or when the socket would
        block."""
        cdef Peer* row = self._peer(peer)
        cdef uint8_t[MAX_PACKET + TRAILER] buffer
        cdef int length = <int> len(compound)
        if not 8 <= length <= MAX_PACKET:
            raise ValueError(f"a compound RTCP packet takes 8 to {MAX_PACKET} bytes, not {length}")
        if row.send_session == NULL or row.lane.name_length == 0:
            return False
        memcpy(buffer, <const uint8_t*> compound, length)
        if protect_rtcp(row.send_session, buffer, &length) != 0:
            return False
        return socket_send(self.worker.fd, &self.worker.outbox, buffer, length, &row.lane, &self.worker.hops)

    def add_peer(self, bint trusted=False) -> int:
        """A peer without path and keys; a trusted one may send at any rate. MemoryError beyond the limit."""
        cdef Peer* row = open_peer(&self.worker, _take(&self.worker.peer_pool, "peers"))
        row.trusted = trusted
        return row.handle

    def remove_peer(self, int64_t peer) -> None:
        """Forget the peer with its tracks, slots, addresses and keys."""
        cdef Peer* row = self._peer(peer)
        remove_peer(&self.worker, row)
        self.sessions.pop(row.row, None)
        self.spent.pop(row.row, None)

    def set_path(self, int64_t peer, tuple address not None) -> None:
        """Send to `address`, and take datagrams from it as the peer's."""
        cdef Endpoint endpoint
        cdef Peer* row = self._peer(peer)
        parse_address(address, &endpoint)
        self._check_socket()
        adopt_address(&self.worker, row, &endpoint)
        want_keyframes(&self.worker, row, clock_ns())

    def set_keys(self, int64_t peer, int profile, bytes receive not None, bytes send not None) -> None:
        """SRTP master key + salt for each direction; ValueError for an unknown profile or a short key."""
        cdef Peer* row = self._peer(peer)
        sessions = open_session(profile, receive, True), open_session(profile, send, False)
        row.receive_session = session_pointer(sessions[0])
        row.send_session = session_pointer(sessions[1])
        self.sessions[row.row] = sessions
        want_keyframes(&self.worker, row, clock_ns())

    def set_extensions(self, int64_t peer, object ids not None) -> None:
        """Header extension ids of this peer: {`relay.sfu.ports.Extension`: id on the wire}."""
        cdef Peer* row = self._peer(peer)
        if any(not (0 < kind < MAX_KINDS and 0 < wire_id < 256) for kind, wire_id in ids.items()):
            raise ValueError(f"no header extension ids: {ids}")
        forget_sent(&self.worker, row)
        memset(row.ids, 0, sizeof(row.ids))
        memset(row.kinds, 0, sizeof(row.kinds))
        for kind, wire_id in ids.items():
            row.ids[<int> kind] = wire_id
            row.kinds[<int> wire_id] = kind

    def add_track(
        self, int64_t peer, int kind, bytes mid not None, uint32_t ssrc, uint32_t rtx_ssrc, object payloads not None
    ) -> int:
        """Expect a stream. `ssrc` 0: learn it from its MID or from a payload type only it has. ValueError when an SSRC
        is taken."""
        cdef Peer* owner = self._peer(peer)
        cdef Payload[MAX_PAYLOADS] rows
        cdef int count = given_payloads(payloads, rows)
        cdef Track* track
        cdef uint8_t[MAX_MID] name
        cdef int mid_length = given_name(mid, name, MAX_MID)
        self._check_ssrcs(owner, False, ssrc, rtx_ssrc)
        row = _take(&self.worker.track_pool, "tracks")
        track = open_track(&self.worker, owner, row, kind, rows, count, ssrc, rtx_ssrc)
        memcpy(track.mid, name, MAX_MID)
        track.mid_length = mid_length
        return track.handle

    def add_encodings(self, int64_t track, object rids not None) -> list:
        """The track is sent in several encodings, told apart by RID. ValueError for RIDs that cannot be; MemoryError
        beyond the limit, the track then being gone."""
        cdef Track* lead = self._lead(track)
        cdef Track* encoding = lead
        given_rids(rids)
        if lead.many or lead.ssrc:
            raise ValueError("the track has its encodings already, or its SSRC")
        handles = []
        for rid in rids:
            if handles:
                encoding = self._open_encoding(lead)
            encoding.rid_length = given_name(rid, encoding.rid, MAX_RID)
            handles.append(encoding.handle)
        return handles

    def add_encoding(self, int64_t track, uint32_t ssrc, uint32_t rtx_ssrc) -> int:
        """One more encoding of a track whose SSRCs are known, above those it has. As `add_encodings`."""
        cdef Track* lead = self._lead(track)
        cdef Track* encoding
        if lead.ssrc == 0 or ssrc == 0:
            raise ValueError("encodings are told apart by SSRC, or by RID")
        self._check_ssrcs(&self.worker.peers[lead.peer], False, ssrc, rtx_ssrc)
        encoding = self._open_encoding(lead)
        bind(&self.worker, encoding, ssrc, False)
        if rtx_ssrc:
            bind(&self.worker, encoding, rtx_ssrc, True)
        return encoding.handle

    cdef Track* _open_encoding(self, Track* lead) except NULL:
        cdef int32_t row = pool_take(&self.worker.track_pool)
        if row == NOTHING:
            remove_track(&self.worker, lead)
            raise MemoryError("as many tracks as allowed")
        return open_encoding(&self.worker, lead, row)

    def remove_track(self, int64_t track) -> None:
        """Stop taking this stream; slots connected to it are disconnected."""
        remove_track(&self.worker, self._lead(track))

    def add_slot(self, int64_t peer, int kind, uint32_t ssrc, uint32_t rtx_ssrc, object payloads not None) -> int:
        """An outgoing stream under the relay's own SSRCs. ValueError when the peer had one of them before, also in a
        removed slot: under the same keys a counter-mode cipher would repeat its key stream (RFC 3711 §9.1)."""
        cdef Peer* owner = self._peer(peer)
        cdef Payload[MAX_PAYLOADS] rows
        cdef int count = given_payloads(payloads, rows)
        cdef Slot* slot
        if ssrc == 0:
            raise ValueError("a slot needs an SSRC")
        self._check_ssrcs(owner, True, ssrc, rtx_ssrc)
        spent = self.spent.setdefault(owner.row, set())
        if ssrc in spent or rtx_ssrc in spent or len(spent) > MAX_SPENT:
            raise ValueError("an SSRC is not used twice under one key")
        slot = open_slot(&self.worker, owner, _take(&self.worker.slot_pool, "slots"), rows, count, ssrc, rtx_ssrc)
        spent.update({ssrc, rtx_ssrc} - {0})
        slot.kind = kind
        slot.rtx_sequence = randbits(15)
        rewrite_open(&slot.rewrite, kind == VIDEO, <uint16_t> randbits(15), randbits(32))
        return slot.handle

    def set_parity(self, int64_t slot, uint32_t ssrc, int payload_type, int group) -> None:
        """Send a parity packet for each `group` packets of the slot (0: none), under an SSRC that stays the same.
        ValueError for another one, for one that the peer had before, and for a group beyond what a mask can name."""
        cdef Slot* row = self._slot(slot)
        if not 0 <= group <= MAX_GROUP or not 0 <= payload_type < 128 or ssrc == 0:
            raise ValueError("a parity stream needs an SSRC, a payload type, and a group of 0 to 15 packets")
        if row.parity.ssrc != ssrc:
            spent = self.spent[row.peer]
            if row.parity.ssrc or ssrc in spent or len(spent) > MAX_SPENT:
                raise ValueError("an SSRC is not used twice under one key")
            spent.add(ssrc)
            row.parity.sequence = <uint16_t> randbits(15)
        row.parity.ssrc = ssrc
        row.parity.payload_type = payload_type
        row.parity.group = group

    def remove_slot(self, int64_t slot) -> None:
        """Stop sending this stream."""
        remove_slot(&self.worker, self._slot(slot))

    def connect(self, int64_t slot, int64_t track) -> None:
        """Feed the slot from the track. Packets of a codec that the slot did not negotiate are dropped and counted."""
        cdef Slot* to = self._slot(slot)
        cdef Track* source = self._lead(track)
        if to.source != source.row:
            attach_slot(&self.worker, to, source, clock_ns())

    def disconnect(self, int64_t slot) -> None:
        """Feed the slot from nothing."""
        leave_source(&self.worker, self._slot(slot))

    def select_layer(self, int64_t slot, int spatial, int temporal) -> None:
        """The most that the slot forwards; `spatial` -1 pauses it."""
        cdef Slot* found = self._slot(slot)
        select_layer(&self.worker, found, spatial, temporal, clock_ns())
        if spatial < 0:
            abandon(&self.worker, &self.worker.peers[found.peer], found)

    def carry_encoding(self, int64_t slot, int encoding) -> None:
        """The slot forwards this encoding of its source and no other; without a source so far."""
        cdef Slot* row = self._slot(slot)
        if row.source != NOTHING or not 0 <= encoding < LAYERS:
            raise ValueError("a slot that feeds somebody already, or no encoding")
        row.exact = True
        row.wanted_spatial = encoding

    def slot_layer(self, int64_t slot) -> tuple:
        """What the slot forwards now: spatial, or -1 for nothing, and temporal layer."""
        return read_layer(&self.worker, self._slot(slot))

    def layer_rates(self, int64_t track) -> list:
        """Running totals of bytes by layer, each with what it depends on: (spatial, temporal, bytes)."""
        return read_layers(&self.worker, self._lead(track))

    def tick(self, int64_t now_ns) -> None:
        """Ask for missing packets, tell senders what arrived, retry what could not be sent."""
        if self.worker.fd != NOTHING:
            with nogil:
                self.worker.now_ns = now_ns
                ask_for_missing(&self.worker, now_ns)
                report_arrivals(&self.worker, now_ns)
                release(&self.worker, now_ns)
                connections_retry(&self.worker.outbox, &self.worker.hops)
                socket_flush(self.worker.fd, &self.worker.outbox, &self.worker.hops)

    def notices(self) -> list:
        """What happened since the last call to tracks and slots that still are."""
        return read_notices(&self.worker)

    def downlinks(self, int64_t now_ns=0) -> list:
        """What peers said of their downlinks since the last call; without `now_ns` also what could wait."""
        return read_downlinks(&self.worker, now_ns)

    def downlink(self, int64_t peer):
        """One peer's downlink; without what it said."""
        return read_downlink(self._peer(peer), False, 0)

    def set_settled(self, int64_t peer, bint settled) -> None:
        """The downlink carries all there is: longer bursts, rarer news."""
        self._peer(peer).pacer.settled = settled

    def set_pace(self, int64_t peer, int64_t rate_bps, int64_t window_bytes) -> None:
        """Pictures leave for the peer at this rate, while less than `window_bytes` is in flight. 0: as they come."""
        if not (0 <= rate_bps < 1 << 40 and 0 <= window_bytes < 1 << 40):
            raise ValueError(f"no pace: {rate_bps} bit/s, {window_bytes} bytes")
        set_pace(&self.worker, self._peer(peer), rate_bps, window_bytes)

    def probe(self, int64_t peer, uint32_t cluster, int64_t rate_bps, int64_t size_bytes, int packets) -> None:
        """Send so much at this rate: what waits, then repetitions and padding."""
        if not (0 < rate_bps < 1 << 40 and 0 < size_bytes < 1 << 20):
            raise ValueError(f"no probe: {rate_bps} bit/s, {size_bytes} bytes")
        probe(&self.worker, self._peer(peer), cluster, rate_bps, size_bytes, packets, clock_ns())

    def pace(self, int64_t now_ns) -> None:
        """Let leave what waited for its time."""
        if self.worker.fd != NOTHING:
            with nogil:
                release(&self.worker, now_ns)
                socket_flush(self.worker.fd, &self.worker.outbox, &self.worker.hops)

    def pace_due_ns(self) -> int:
        """When to call `pace`; 0: nothing waits."""
        return self.worker.pace_due_ns

    def reception_report(self, int64_t track, int64_t now_ns):
        """A report block for the track's sender, or None before its first packet."""
        return read_reception(self._track(track), now_ns)

    def sender_info(self, int64_t slot, int64_t now_ns):
        """A sender report for the slot's receiver, or None before the first packet or the source's own first report."""
        return read_sender_info(&self.worker, self._slot(slot), now_ns)

    def track_ssrc(self, int64_t track) -> int:
        """The SSRC of the track; 0 until it is known."""
        return self._track(track).ssrc

    def loudness(self, int64_t track) -> tuple:
        """Running totals of an audio track: packets that told their level (RFC 6464), and the sum of 127 − level."""
        return self._track(track).levels, self._track(track).loudness

    def track_stats(self, int64_t track):
        """Totals of a track."""
        return read_track(self._track(track))

    def slot_stats(self, int64_t slot):
        """Totals of a slot."""
        return read_slot(self._slot(slot))

    def counters(self) -> dict:
        """Totals of the worker by name; `drop_<reason>` counts packets that went no further."""
        return counters_of(&self.worker.hops)

    def residence(self) -> tuple:
        """Residence time histogram: upper bounds in seconds, and counts, one more than bounds."""
        return residence_of(&self.worker.hops)
