"""The bots' media in one object: grown and read by any thread, worked by the one that calls `poll`.

A mutex guards the world. `poll` holds it in short rounds and never waits for the GIL while it does, so the methods, which hold
the GIL while they wait for the mutex, cannot meet it in a deadlock.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.exc cimport PyErr_SetFromErrno
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from loadtest.engine.readings import Arrival, Reception, Transmission

from ._linux cimport (
    AF_INET, CLOCK_MONOTONIC, CLOCK_REALTIME, EFD_NONBLOCK, EPOLLIN, EPOLL_CTL_ADD, EPOLL_CTL_DEL, MSG_DONTWAIT, TFD_NONBLOCK,
    close, epoll_create1, epoll_ctl, epoll_event, epoll_wait, eventfd, htons, inet_ntop, inet_pton, ntohs,
    pthread_mutex_destroy, pthread_mutex_init, pthread_mutex_lock, pthread_mutex_t, pthread_mutex_unlock, read, sendto,
    sockaddr, sockaddr_in, timerfd_create, write,
)
from .memory cimport close_tray, close_world, grown, open_tray, open_world, room
from .receive cimport expect
from .repair cimport tick
from .send cimport next_due, schedule, send_due, write_head
from .socket cimport Tray, arm, drain, prepare_inbox, turn_on_stamps
from .srtp cimport open_session, session_pointer
from .ticks cimport clock_ns
from .types cimport (
    AUDIO_WINDOW, BUCKETS, CELL, H264, HISTORY, MAX_STREAMS, NOTHING, OPUS, VIDEO_WINDOW, VP8, Beat, Bot, Marks, Program,
    Receiver, Sender, Totals, Waiting, World,
)

cdef enum:
    EVENTS = 64
    TICK_NS = 10_000_000
    TIMER = 0x7FFFFFFE         # epoll data that is no bot
    WAKER = 0x7FFFFFFF


cdef class Engine:
    """Bots on UDP sockets. `histograms`: how many latency histograms receivers can name, from 2 on; 0 is the lateness of
    frames, 1 the time datagrams lay in the kernel."""

    cdef World world
    cdef Tray tray
    cdef pthread_mutex_t mutex
    cdef int epoll
    cdef int timer
    cdef int waker
    cdef int64_t next_tick_ns
    cdef bint stopping
    cdef dict sessions         # of bots that have keys: the engine holds only pointers

    def __cinit__(self, int histograms):
        self.epoll = self.timer = self.waker = -1
        self.sessions = {}
        pthread_mutex_init(&self.mutex, NULL)
        open_world(&self.world, histograms + 2)
        open_tray(&self.tray)
        prepare_inbox(&self.world)
        self.epoll = epoll_create1(0)
        self.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)
        self.waker = eventfd(0, EFD_NONBLOCK)
        if self.epoll < 0 or self.timer < 0 or self.waker < 0:
            PyErr_SetFromErrno(OSError)
        self._listen(self.timer, TIMER)
        self._listen(self.waker, WAKER)

    def __dealloc__(self):
        for fd in (self.epoll, self.timer, self.waker):
            if fd >= 0:
                close(fd)
        close_world(&self.world)
        close_tray(&self.tray)
        pthread_mutex_destroy(&self.mutex)

    cdef void _lock(self) noexcept:
        with nogil:
            pthread_mutex_lock(&self.mutex)

    cdef void _unlock(self) noexcept:
        pthread_mutex_unlock(&self.mutex)

    cdef int _listen(self, int fd, uint32_t data) except -1:
        cdef epoll_event event
        event.events = EPOLLIN
        event.data.u64 = data
        if epoll_ctl(self.epoll, EPOLL_CTL_ADD, fd, &event) < 0:
            PyErr_SetFromErrno(OSError)
        return 0

    cdef Bot* _bot(self, int index) except NULL:
        if not 0 <= index < self.world.bot_count or self.world.bots[index].fd == NOTHING:
            raise IndexError(f"there is no bot {index}")
        return &self.world.bots[index]

    def add_media(self, media):
        """Take a copy of packetised media; returns its number."""
        if len(media.frame_firsts) != len(media.frame_ticks) or not media.frame_firsts or media.frame_firsts[0] != 0:
            raise ValueError("every frame needs its first payload and its time, from payload 0 on")
        if max(map(len, media.payloads)) > CELL - 128:
            raise ValueError("a payload does not fit a datagram")
        cdef Program program
        memset(&program, 0, sizeof(program))
        cdef bytes joined = b"".join(media.payloads)
        program.data = <uint8_t*> room(len(joined), 1)
        program.payload_at = <int32_t*> room(len(media.payloads) + 1, sizeof(int32_t))
        program.frame_first = <int32_t*> room(len(media.frame_firsts) + 1, sizeof(int32_t))
        program.frame_ticks = <int64_t*> room(len(media.frame_ticks), sizeof(int64_t))
        memcpy(program.data, PyBytes_AS_STRING(joined), len(joined))
        for index, payload in enumerate(media.payloads):
            program.payload_at[index + 1] = program.payload_at[index] + <int32_t> len(payload)
        for index, first in enumerate([*media.frame_firsts, len(media.payloads)]):
            program.frame_first[index] = first
        for index, ticks in enumerate(media.frame_ticks):
            program.frame_ticks[index] = ticks
        program.frame_count, program.length_ticks, program.clock_rate_hz = len(media.frame_ticks), media.length_ticks, media.clock_rate_hz
        self._lock()
        try:
            self.world.programs = <Program*> grown(self.world.programs, self.world.program_count, sizeof(Program))
            self.world.programs[self.world.program_count] = program
            self.world.program_count += 1
            return self.world.program_count - 1
        finally:
            self._unlock()

    def add_bot(self, int fd):
        """Work the bound, non-blocking IPv4 socket `fd`, which the caller keeps open; returns the bot's number."""
        self._lock()
        try:
            turn_on_stamps(fd)
            self.world.bots = <Bot*> grown(self.world.bots, self.world.bot_count, sizeof(Bot))
            self.world.bots[self.world.bot_count].fd = fd
            self._listen(fd, self.world.bot_count)
            self.world.bot_count += 1
            return self.world.bot_count - 1
        finally:
            self._unlock()

    def move_bot(self, int bot, int fd):
        """Go on with another socket: the bot has another address from now on."""
        self._lock()
        try:
            turn_on_stamps(fd)
            epoll_ctl(self.epoll, EPOLL_CTL_DEL, self._bot(bot).fd, NULL)
            self._listen(fd, bot)
            self._bot(bot).fd = fd
            self._bot(bot).overflow = 0
        finally:
            self._unlock()

    def remove_bot(self, int bot):
        """Stop everything of it; its figures stay readable. The socket is the caller's to close."""
        self._lock()
        try:
            epoll_ctl(self.epoll, EPOLL_CTL_DEL, self._bot(bot).fd, NULL)
            for row in range(self._bot(bot).sender_count):
                self.world.senders[self._bot(bot).senders[row]].active = False
            for row in range(self._bot(bot).receiver_count):
                self.world.receivers[self._bot(bot).receivers[row]].gaps = 0
                self.world.receivers[self._bot(bot).receivers[row]].wants_keyframe = False
                self.world.receivers[self._bot(bot).receivers[row]].expected = False
            self._bot(bot).outbound = self._bot(bot).inbound = NULL
            self._bot(bot).fd = NOTHING
            self.sessions.pop(bot, None)
        finally:
            self._unlock()

    def set_path(self, int bot, str host, int port):
        """Send media of this bot there from now on."""
        self._lock()
        try:
            self._fill_name(&self._bot(bot).path, host, port)
            self._bot(bot).has_path = True
        finally:
            self._unlock()

    cdef int _fill_name(self, sockaddr_in* name, str host, int port) except -1:
        memset(name, 0, sizeof(sockaddr_in))
        name.sin_family, name.sin_port = AF_INET, htons(port)
        if inet_pton(AF_INET, PyBytes_AS_STRING(host.encode()), &name.sin_addr) != 1:
            raise ValueError(f"{host!r} is no IPv4 address")
        return 0

    def set_keys(self, int bot, int profile, bytes send, bytes receive):
        """SRTP master key + salt of both directions; `profile` as in RFC 5764."""
        outbound, inbound = open_session(profile, send, False), open_session(profile, receive, True)
        self._lock()
        try:
            self.sessions[bot] = (outbound, inbound)
            self._bot(bot).outbound, self._bot(bot).inbound = session_pointer(outbound), session_pointer(inbound)
            self._bot(bot).report_ns = clock_ns(CLOCK_MONOTONIC)
        finally:
            self._unlock()

    def transmit(self, int bot, bytes data, str host, int port):
        """Send one datagram as it is (STUN, DTLS); False when the socket would block."""
        cdef sockaddr_in name
        self._fill_name(&name, host, port)
        return sendto(self._bot(bot).fd, PyBytes_AS_STRING(data), len(data), MSG_DONTWAIT, <sockaddr*> &name, sizeof(name)) >= 0

    def add_sender(self, int bot, int media, *, int payload_type, uint32_t ssrc, int rtx_payload_type=0, uint32_t rtx_ssrc=0,
                   int stamp_id=0, int transport_id=0, int mid_id=0, bytes mid=b"", int rid_id=0, int rid_again_id=0, bytes rid=b""):
        """A stream that plays `media`, silent until `play`; returns its number."""
        cdef Sender* sender
        cdef int row
        cdef Marks marks
        if not 0 <= media < self.world.program_count or max(len(mid), len(rid)) > 16 or (mid_id and not mid) or (rid_id and not rid):
            raise ValueError("no such media, or the MID or RID does not fit")
        marks.stamp_id, marks.transport_id, marks.mid_id, marks.rid_id = stamp_id, transport_id, mid_id, rid_id
        marks.mid, marks.mid_length = <const uint8_t*> PyBytes_AS_STRING(mid), len(mid)
        marks.rid, marks.rid_length, marks.rid_again_id = <const uint8_t*> PyBytes_AS_STRING(rid), len(rid), rid_again_id or rid_id
        self._lock()
        try:
            if self._bot(bot).sender_count == MAX_STREAMS:
                raise ValueError(f"a bot has at most {MAX_STREAMS} senders")
            self.world.beats = <Beat*> grown(self.world.beats, self.world.sender_count, sizeof(Beat))
            self.world.senders = <Sender*> grown(self.world.senders, self.world.sender_count, sizeof(Sender))
            sender = &self.world.senders[self.world.sender_count]
            sender.bot, sender.program = bot, media
            sender.ssrc, sender.rtx_ssrc = ssrc, rtx_ssrc
            sender.payload_type, sender.rtx_payload_type = payload_type, rtx_payload_type
            sender.sequence, sender.rtx_sequence = <uint16_t> ssrc, <uint16_t> (ssrc >> 8)
            for row in range(HISTORY):
                sender.history[row].payload = NOTHING
            write_head(sender, &marks)
            self._bot(bot).senders[self._bot(bot).sender_count] = self.world.sender_count
            self._bot(bot).sender_count += 1
            self.world.sender_count += 1
            return self.world.sender_count - 1
        finally:
            self._unlock()

    def add_receiver(self, int bot, *, uint32_t ssrc, str codec, int histogram, int payload_type=0, uint32_t rtx_ssrc=0,
                     int rtx_payload_type=0, int stamp_id=0):
        """A stream that is measured; latencies go to `histogram` (0 is the first after the engine's own). Returns its number.

        `ssrc` 0: that of the first packet with `payload_type`.
        """
        cdef Receiver* receiver
        if not 0 <= histogram + 2 < self.world.histogram_count:
            raise ValueError(f"there is no histogram {histogram}")
        self._lock()
        try:
            if self._bot(bot).receiver_count == MAX_STREAMS:
                raise ValueError(f"a bot has at most {MAX_STREAMS} receivers")
            self.world.receivers = <Receiver*> grown(self.world.receivers, self.world.receiver_count, sizeof(Receiver))
            receiver = &self.world.receivers[self.world.receiver_count]
            receiver.bot, receiver.ssrc, receiver.rtx_ssrc, receiver.stamp_id = bot, ssrc, rtx_ssrc, stamp_id
            receiver.payload_type, receiver.rtx_payload_type = payload_type, rtx_payload_type
            receiver.codec = {"opus": OPUS, "VP8": VP8, "H264": H264}[codec]
            receiver.clock_rate_hz = 48_000 if receiver.codec == OPUS else 90_000
            receiver.histogram = histogram + 2
            receiver.window = AUDIO_WINDOW if receiver.codec == OPUS else VIDEO_WINDOW
            receiver.packets_kept = <Waiting*> room(receiver.window, sizeof(Waiting))
            self._bot(bot).receivers[self._bot(bot).receiver_count] = self.world.receiver_count
            self._bot(bot).receiver_count += 1
            self.world.receiver_count += 1
            return self.world.receiver_count - 1
        finally:
            self._unlock()

    def report(self, int bot, *, int transport_id=0, bint remb=False):
        """Answer transport-wide numbers with this id in what arrives, or tell estimates."""
        self._lock()
        try:
            self._bot(bot).transport_id, self._bot(bot).remb = transport_id, remb
        finally:
            self._unlock()

    def play(self, int sender, bint on, *, double phase_s=0.0):
        """Begin with a keyframe `phase_s` from now, or fall silent. RTP time goes on as the clock does."""
        cdef int64_t rate, now_ns = clock_ns(CLOCK_MONOTONIC)
        cdef Sender* found = &self.world.senders[self._checked(sender, self.world.sender_count)]
        self._lock()
        if on and not found.active:
            found.round_ns = now_ns + <int64_t> (phase_s * 1e9)
            rate = self.world.programs[found.program].clock_rate_hz
            found.first_timestamp = found.ssrc + <uint32_t> (found.round_ns // 1000 * rate // 1_000_000)
            found.frame = 0
            found.restart = False
            if not found.scheduled:
                found.scheduled = True
                schedule(&self.world, sender, found.round_ns)
        found.active = on
        self._unlock()
        self.wake()

    def expect(self, int receiver, bint on):
        """Somebody looks at this stream from now on (its first packet and frame count from here), or nobody does."""
        cdef Receiver* found = &self.world.receivers[self._checked(receiver, self.world.receiver_count)]
        self._lock()
        expect(found, on)
        self._unlock()

    cdef int _checked(self, int index, int count) except -1:
        if not 0 <= index < count:
            raise IndexError(f"there is no stream {index}")
        return index

    def wake(self):
        """Make `poll` look again."""
        cdef uint64_t one = 1
        write(self.waker, &one, sizeof(one))

    def stop(self):
        """Make `poll` return, now and from now on."""
        self.stopping = True
        self.wake()

    def poll(self):
        """Work until there is something for Python; returns those datagrams, nothing after `stop`. For one thread."""
        with nogil:
            while not self.stopping and self.tray.count == 0:
                self._round()
        self._lock()
        try:
            return self._emptied_tray()
        finally:
            self._unlock()

    cdef void _round(self) noexcept nogil:
        cdef epoll_event events[EVENTS]
        cdef uint64_t ignored
        cdef uint32_t index
        cdef int row, count
        cdef int64_t began_ns
        pthread_mutex_lock(&self.mutex)
        arm(self.timer, self._next_ns())
        pthread_mutex_unlock(&self.mutex)
        count = epoll_wait(self.epoll, events, EVENTS, -1)
        pthread_mutex_lock(&self.mutex)
        began_ns = clock_ns(CLOCK_MONOTONIC)
        send_due(&self.world, began_ns)
        for row in range(max(count, 0)):
            index = <uint32_t> events[row].data.u64
            if index == TIMER or index == WAKER:
                read(self.timer if index == TIMER else self.waker, &ignored, sizeof(ignored))
            elif index < <uint32_t> self.world.bot_count and self.world.bots[index].fd != NOTHING:
                drain(&self.world, index, &self.tray)
        if began_ns >= self.next_tick_ns:
            self.next_tick_ns = began_ns + TICK_NS
            tick(&self.world, began_ns, clock_ns(CLOCK_REALTIME))
        self.world.totals.busy_ns += clock_ns(CLOCK_MONOTONIC) - began_ns
        pthread_mutex_unlock(&self.mutex)

    cdef int64_t _next_ns(self) noexcept nogil:
        cdef int64_t due_ns = next_due(&self.world)
        return due_ns if 0 < due_ns < self.next_tick_ns else max(self.next_tick_ns, <int64_t> 1)

    cdef list _emptied_tray(self):
        cdef char host[16]
        cdef int row
        arrivals = []
        for row in range(self.tray.count):
            inet_ntop(AF_INET, &self.tray.names[row].sin_addr, host, sizeof(host))
            data = PyBytes_FromStringAndSize(<char*> self.tray.cells + row * CELL, self.tray.lengths[row])
            arrivals.append(Arrival(self.tray.bots[row], data, host.decode(), ntohs(self.tray.names[row].sin_port)))
        self.tray.count = 0
        return arrivals

    def transmission(self, int sender):
        """Running totals of a sender."""
        cdef Sender* found = &self.world.senders[self._checked(sender, self.world.sender_count)]
        return Transmission(found.packets, found.octets, found.frames, found.retransmitted, found.nacks, found.keyframe_requests)

    def reception(self, int receiver):
        """Running totals of a receiver."""
        cdef Receiver* found = &self.world.receivers[self._checked(receiver, self.world.receiver_count)]
        return Reception(
            found.packets, found.octets, found.missing, found.repaired, found.duplicates, found.reordered, found.frames,
            found.broken_frames, found.freezes, found.freeze_ns / 1e6, found.watched_ns / 1e6,
            found.jitter_ticks * 1000 / found.clock_rate_hz, found.first_packet_ns, found.first_frame_ns,
            found.longest_gap_ns / 1e6, found.keyframe_requests, found.nacks,
        )

    def totals(self):
        """Running totals of all bots, by name."""
        cdef Totals found = self.world.totals
        return dict(found)

    def histogram(self, int index):
        """Counts by bucket, as loadtest.measure.histogram has them; -2 is the lateness of frames, -1 the lag of reading."""
        if not 0 <= index + 2 < self.world.histogram_count:
            raise ValueError(f"there is no histogram {index}")
        return [self.world.histograms[(index + 2) * BUCKETS + bucket] for bucket in range(BUCKETS)]
