import { Capture } from './client/capture.js';
import { emit, on } from './client/events.js';
import { firstFrame } from './client/first-frame.js';
import { MediaSession } from './client/media.js';
import { SOURCES } from './client/messages.js';
import { QualityMeter, slotReports } from './client/quality.js';
import { Failure, Signalling } from './client/signalling.js';

export { Failure };

/** @typedef {import('./client/messages.js').Source} Source */
/** @typedef {import('./client/messages.js').CallState} CallState */

const QUALITY_INTERVAL_MS = 2000;
const NEGOTIATION_RETRY_MS = 3000;
/** Over which those without a call spread, when a worker of the relay has gone with all of them. */
const IDLE_SPREAD_MS = 2000;
const FORGOTTEN_MS = 4000;
const IN_CONVERSATION = ['connected', 'held'];
/** From the moment a seat is being asked, media flows to the relay, so that the first picture is there at pick-up. */
const WARM = ['offered', ...IN_CONVERSATION];

/**
 * The token of this page: from the link (`#token=…`, taken out of the address bar at once), later from the tab's store.
 * @param {string} page whose token, e.g. `kiosk`
 */
export function tokenOf(page) {
  const key = `relay.token.${page}`;
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get('token');
  if (token) {
    sessionStorage.setItem(key, token);
    history.replaceState(null, '', location.pathname + location.search);
  }
  window.addEventListener('hashchange', () => location.reload());
  return sessionStorage.getItem(key) ?? '';
}

/** Keep a token that was typed. @param {string} page @param {string} token `''` forgets it */
export function rememberToken(page, token) {
  if (token) sessionStorage.setItem(`relay.token.${page}`, token);
  else sessionStorage.removeItem(`relay.token.${page}`);
}

/**
 * A participant of the relay: signalling, media and capture joined, which is all a page needs.
 *
 * Events (detail): `link` (state of the signalling), `media` (state of the media path), `welcome`, `call` (CallState), `request-refused` (Failure, of a call asked for again),
 * `offer` (OfferMade or null), `offer-ended`, `seat` (SeatState), `remote` (sources of the other side, a Set),
 * `speaker` (the place of the party that has the word, where several are heard), `message` ({label, place, data}: what the party of that place said in a data channel), `capture` ({source, track}), `slot` ({slot, track}), `quality` (Quality), `callback` (RingingBack), `first-frame` ({slot, elapsedMs}), `wallboard`.
 */
export class RelayClient extends EventTarget {
  /** @type {import('./client/messages.js').Welcome | null} */
  welcome = null;
  /** @type {CallState | null} */
  call = null;
  /** @type {import('./client/messages.js').OfferMade | null} */
  offer = null;
  /** @type {import('./client/messages.js').SeatState | null} */
  seat = null;
  /** @type {Set<Source>} What the other side sends now. */
  remote = new Set();
  /** @type {import('./client/quality.js').Quality | null} */
  quality = null;
  /** @type {Partial<Record<Source, number>>} Milliseconds from `connected` to the first frame of each slot of this call. */
  firstFrames = {};

  /** @type {Map<import('./client/messages.js').Slot, HTMLMediaElement>} */
  #players = new Map();
  #muted = false;
  #session = '';
  /** The call that we left while the server could not be told. */
  #leaving = '';
  /** We gave up before the server had answered the request. */
  #withdrawn = false;
  /** @type {Record<string, unknown> | null} A call request without its reply yet. */
  #wanted = null;
  #meter = new QualityMeter();
  #negotiationTimer = 0;
  #forgottenTimer = 0;
  #measureTimer = 0;
  #media;

  /**
   * @param {object} options
   * @param {string} options.token JWT
   * @param {string | URL} [options.url] of the WebSocket; default: `signal` beside the page
   * @param {boolean} [options.media] false for a page that only watches, until it asks for media
   * @param {string} [options.codec] the only video codec to use (tests)
   * @param {Record<string, RTCDataChannelInit>} [options.channels] data channels of the portal's own, beside `pointer` and `annotation`
   */
  constructor({ token, url = signalUrl(), media = true, codec = '', channels = {} }) {
    super();
    this.#media = media;
    this.signalling = new Signalling(url, token, () => (this.media.state === 'idle' ? '' : this.#session));
    this.capture = new Capture();
    this.media = new MediaSession((offer) => this.request('offer', offer).then(({ sdp }) => sdp), codec, channels);
    this.#wire();
  }

  /** Connect and stay connected. */
  start() {
    this.signalling.start();
  }

  /** Leave: sockets, connection and devices are closed. */
  close() {
    clearTimeout(this.#negotiationTimer);
    clearTimeout(this.#forgottenTimer);
    clearInterval(this.#measureTimer);
    this.signalling.stop();
    this.media.close();
    this.capture.close();
  }

  /** Send any request of the protocol. @param {string} type @param {Record<string, unknown>} [fields] */
  request(type, fields) {
    return this.signalling.request(type, fields);
  }

  /**
   * Kiosk: ask for a caseworker. Asked again after a lost connection, under the same key, so it stays one call.
   * @param {{item: string, kind: string, language: string, priority: string[], appointment?: string, resume?: string}} wish
   */
  async requestCall(wish) {
    this.#withdrawn = false;
    this.#wanted = { ...wish, idempotency_key: crypto.randomUUID() };
    await this.#askAgain();
  }

  /** End the call, or give up waiting; carried out after a reconnect if the server is away now. */
  async hangUp(reason = '') {
    this.#withdrawn = this.#wanted !== null;
    this.#wanted = null;
    if (!this.call || this.call.state === 'ended') return;
    this.#leaving = this.call.call;
    const { call } = this.call;
    this.#onCall({ ...this.call, state: 'ended', reason: 'hangup' });
    await this.request('call.hangup', { call, reason }).catch(() => undefined);
  }

  /** Give up a call that waits beside the one on the page: a callback. @param {string} call */
  async giveUp(call) {
    if (this.call?.call === call) await this.hangUp('abandoned');
    else await this.request('call.hangup', { call, reason: 'abandoned' }).catch(() => undefined);
  }

  /**
   * Start or stop a source, and tell the other side. A camera that is off is released; a muted microphone stays open.
   * @param {Source} source @param {boolean} active
   * @returns {Promise<import('./client/capture.js').CaptureState>}
   */
  async setSource(source, active) {
    if (source === 'microphone') this.#muted = !active;
    if (active) await this.capture.open([source]);
    else if (source !== 'microphone') this.capture.stop(source);
    const track = this.capture.tracks.get(source);
    if (track) track.enabled = active;
    this.#tell(source);
    return this.capture.state[source];
  }

  /** Whether the other side gets this source from us. @param {Source} source */
  isSending(source) {
    return this.capture.tracks.get(source)?.enabled ?? false;
  }

  /**
   * Say something in a data channel to everybody who hears us: they get it as `message`.
   * @param {string} label @param {string | ArrayBuffer} data at most 16 KiB @returns {boolean} false when it cannot be sent now
   */
  say(label, data) {
    return IN_CONVERSATION.includes(this.call?.state ?? '') && this.media.channels.send(label, data);
  }

  /** Play a slot in an element, now and after reconnects. @param {import('./client/messages.js').Slot} slot @param {HTMLMediaElement} player */
  play(slot, player) {
    this.#players.set(slot, player);
    this.#feed(slot);
  }

  /** From now on with media, now and after reconnects; resolves once it is negotiated. */
  async openMedia() {
    if (this.#media) return;
    this.#media = true;
    if (this.welcome) await this.#resume({ ...this.welcome, resumed: false });
  }

  /** Without media again: a page that only watches. */
  closeMedia() {
    this.#media = false;
    this.capture.close();
    this.media.close();
  }

  #wire() {
    const { signalling, capture } = this;
    on(signalling, 'state', (state) => emit(this, 'link', state));
    on(signalling, 'welcome', (welcome) => this.#onWelcome(welcome));
    on(signalling, 'call.state', (call) => this.#onCall(call));
    on(signalling, 'source.changed', (change) => this.#onSourceChanged(change));
    on(signalling, 'source.encodings', ({ source, rids }) => this.media.setEncodings(source, rids));
    on(signalling, 'speaker.turned', ({ call, place }) => call === this.call?.call && emit(this, 'speaker', place));
    on(signalling, 'offer.made', (offer) => this.#onOffer(offer));
    on(signalling, 'offer.ended', (ended) => this.#onOfferEnded(ended));
    on(signalling, 'seat.state', (seat) => this.#onSeat(seat));
    on(signalling, 'callback.ring', (ring) => emit(this, 'callback', ring));
    on(signalling, 'media.lost', () => this.#beginAnew());
    on(signalling, 'wallboard', (board) => emit(this, 'wallboard', board));
    on(this.media, 'state', (state) => emit(this, 'media', state));
    on(this.media, 'slot', ({ slot }) => this.#feed(slot));
    on(this.media.channels, 'message', (message) => emit(this, 'message', message));
    on(capture, 'track', ({ source, track }) => this.#onTrack(source, track));
    this.#measureTimer = window.setInterval(() => this.#measure(), QUALITY_INTERVAL_MS);
    window.addEventListener('pagehide', () => this.close());
    window.addEventListener('pageshow', ({ persisted }) => persisted && location.reload()); // what was closed stays closed
  }

  #onWelcome(welcome) {
    this.welcome = welcome;
    this.media.iceServers = welcome.ice_servers;
    emit(this, 'welcome', welcome);
    if (this.#media) this.#resume(welcome);
    if (this.#wanted) this.#askAgain().catch((failure) => emit(this, 'request-refused', failure));
    if (this.call && this.call.state !== 'ended') this.#expectNews(this.call);
  }

  /** The server tells about a call it knows right after `welcome`; silence means that it was lost with the server. */
  #expectNews(call) {
    clearTimeout(this.#forgottenTimer);
    this.#forgottenTimer = window.setTimeout(
      () => this.#onCall({ ...call, state: 'ended', reason: 'lost' }),
      FORGOTTEN_MS,
    );
  }

  /** The relay may still have our connection: then only a dead path is renewed. */
  async #resume({ session, resumed }) {
    clearTimeout(this.#negotiationTimer);
    this.#session = session;
    try {
      if (!resumed) await this.media.open();
      else if (this.media.state !== 'connected') await this.media.restart();
      for (const source of SOURCES) this.#tell(source);
    } catch (failure) {
      if (this.signalling.state !== 'online') return;
      emit(this, 'media', 'interrupted');
      const waitMs = failure.retryAfterMs || NEGOTIATION_RETRY_MS;
      this.#negotiationTimer = window.setTimeout(() => this.#resume({ session, resumed: false }), waitMs);
    }
  }

  /** The relay has lost our connection and says so; those who talk come first. */
  #beginAnew() {
    if (this.media.state === 'idle') return;
    emit(this, 'media', 'interrupted');
    clearTimeout(this.#negotiationTimer);
    const waitMs = IN_CONVERSATION.includes(this.call?.state ?? '') ? 0 : Math.random() * IDLE_SPREAD_MS;
    const session = this.#session;
    this.#negotiationTimer = window.setTimeout(() => this.#resume({ session, resumed: false }), waitMs);
  }

  async #askAgain() {
    try {
      await this.request('call.request', /** @type {Record<string, unknown>} */ (this.#wanted));
      this.#wanted = null;
    } catch (failure) {
      if (failure.problem === 'offline' || failure.problem === 'timeout') return;
      this.#wanted = null;
      throw failure;
    }
  }

  /** @param {CallState} call */
  #onCall(call) {
    clearTimeout(this.#forgottenTimer);
    if (this.#withdrawn && call.call !== this.call?.call) this.#leaving = call.call;
    if (call.call === this.#leaving && call.state !== 'ended') {
      this.request('call.hangup', { call: call.call }).catch(() => undefined);
      return;
    }
    if (this.call?.call === call.call && this.call.state === 'ended') return;
    if (this.#waitsBeside(call)) {
      emit(this, 'call', call);
      return;
    }
    const was = this.call?.call === call.call ? this.call.state : '';
    this.call = call;
    this.#gate();
    const inConversation = IN_CONVERSATION.includes(call.state);
    if (inConversation) this.remote = new Set(call.active);
    if (inConversation && !IN_CONVERSATION.includes(was)) this.#onConnected(call);
    if (!inConversation && IN_CONVERSATION.includes(was)) this.#onParted();
    emit(this, 'call', call);
    emit(this, 'remote', this.remote);
  }

  /** Whether this is news of a callback, or of its end, while another visitor is here. @param {CallState} call */
  #waitsBeside(call) {
    if (!this.call || this.call.call === call.call || this.call.state === 'ended' || this.call.callback) return false;
    return call.state === 'ended' || (call.callback && !IN_CONVERSATION.includes(call.state));
  }

  /** @param {CallState} call */
  #onConnected(call) {
    this.firstFrames = {};
    this.#meter = new QualityMeter();
    for (const slot of this.#players.keys()) {
      this.#feed(slot);
      if (call.active.includes(slot)) this.#awaitFirstFrame(slot, call.call);
    }
  }

  /** The call ended, or went back to the queue because the seat was lost. */
  #onParted() {
    this.remote = new Set();
    this.quality = null;
    for (const player of this.#players.values()) player.srcObject = null;
  }

  /** @param {import('./client/messages.js').SourceChanged} change */
  #onSourceChanged({ call, source, active }) {
    if (call !== this.call?.call) return;
    if (active) this.remote.add(source);
    else this.remote.delete(source);
    emit(this, 'remote', this.remote);
  }

  #onOffer(offer) {
    this.offer = offer;
    this.#gate();
    emit(this, 'offer', offer);
  }

  #onOfferEnded(ended) {
    if (ended.offer !== this.offer?.offer) return;
    this.offer = null;
    this.#gate();
    emit(this, 'offer-ended', ended);
  }

  #onSeat(seat) {
    this.seat = seat;
    if (seat.state !== 'offered') this.offer = null;
    this.#gate();
    emit(this, 'seat', seat);
  }

  /** @param {Source} source @param {MediaStreamTrack | null} track */
  async #onTrack(source, track) {
    if (track && source === 'microphone') track.enabled = !this.#muted;
    emit(this, 'capture', { source, track });
    await this.media.setTrack(source, track).catch(() => undefined); // the connection closed meanwhile
    this.#tell(source);
  }

  /** @param {Source} source */
  #tell(source) {
    if (this.signalling.state !== 'online' || this.media.state === 'idle') return;
    this.request('source', { source, active: this.isSending(source) }).catch(() => undefined);
  }

  #gate() {
    const atWork = this.offer !== null || this.seat?.state === 'in-call';
    this.media.setSending(atWork || WARM.includes(this.call?.state ?? ''));
  }

  /** @param {import('./client/messages.js').Slot} slot */
  #feed(slot) {
    const player = this.#players.get(slot);
    const track = this.media.slots.get(slot);
    if (!player || !track || !IN_CONVERSATION.includes(this.call?.state ?? '')) return;
    player.srcObject = new MediaStream([track]);
    player.play().catch(() => {
      // A browser that wants a touch before it plays sound gets it with the next one.
      document.addEventListener('pointerdown', () => player.play().catch(() => undefined), { once: true });
    });
  }

  /** @param {Source} slot @param {string} call */
  async #awaitFirstFrame(slot, call) {
    const player = this.#players.get(slot);
    if (!(player instanceof HTMLVideoElement)) return;
    const elapsedMs = await firstFrame(player, performance.now());
    if (elapsedMs === null || this.call?.call !== call) return;
    this.firstFrames[slot] = elapsedMs;
    emit(this, 'first-frame', { slot, elapsedMs });
    this.request('first-frame', { call, slot, elapsed_ms: elapsedMs }).catch(() => undefined);
  }

  async #measure() {
    if (!IN_CONVERSATION.includes(this.call?.state ?? '')) return;
    const statistics = await this.media.statistics();
    if (!statistics) return;
    this.quality = this.#meter.read(statistics);
    emit(this, 'quality', this.quality);
    const { call } = this.call ?? {};
    if (call) this.request('media.report', { call, slots: slotReports(this.quality) }).catch(() => undefined);
  }
}

function signalUrl() {
  const url = new URL('signal', document.baseURI);
  url.protocol = url.protocol.replace('http', 'ws');
  return url;
}
