import { Channels, dataMid } from './channels.js';
import { emit } from './events.js';
import { SLOTS, SOURCES, kindOf } from './messages.js';

/** @typedef {import('./messages.js').Source} Source */
/** @typedef {import('./messages.js').Slot} Slot */
/** @typedef {'idle' | 'connecting' | 'connected' | 'interrupted'} MediaState */
/**
 * @callback Exchange
 * @param {{sdp: string, sources: Record<string, Source>, slots: Record<string, Slot | 'data'>}} offer
 * @returns {Promise<string>} the SDP answer
 */

/** A path that is `disconnected` often comes back by itself; after this we restart ICE. */
const DISCONNECTED_PATIENCE_MS = 1500;
const RESTART_INTERVAL_MS = 4000;
/** After so many restarts without a path, the relay has lost us: begin afresh. */
const RESTART_LIMIT = 3;

/**
 * Sending is off until a call needs it: a booth that nobody uses sends nothing. The camera is sent in three sizes, so that the relay
 * can choose for each receiver; a document or a screen in one, for it must be sharp or is of no use.
 */
const ENCODINGS = {
  microphone: [{ active: false, priority: 'high', networkPriority: 'high' }],
  camera: [
    { rid: 'q', active: false, maxBitrate: 150_000, maxFramerate: 30, scaleResolutionDownBy: 4 },
    { rid: 'h', active: false, maxBitrate: 500_000, maxFramerate: 30, scaleResolutionDownBy: 2 },
    { rid: 'f', active: false, maxBitrate: 1_700_000, maxFramerate: 30, scaleResolutionDownBy: 1 },
  ],
  document: [{ active: false, maxBitrate: 2_500_000, maxFramerate: 15 }],
  screen: [{ active: false, maxBitrate: 2_500_000, maxFramerate: 15 }],
};
/** Text must stay legible: a document or a screen gives up frames before it gives up pixels. */
const DEGRADATION = { camera: 'balanced', document: 'maintain-resolution', screen: 'maintain-resolution' };

/**
 * Limit a video transceiver to one codec and its repair formats.
 * @param {RTCRtpTransceiver} transceiver @param {'sender' | 'receiver'} side @param {string} codec such as `h264`
 */
function preferCodec(transceiver, side, codec) {
  const { codecs } = (side === 'sender' ? RTCRtpSender : RTCRtpReceiver).getCapabilities('video') ?? { codecs: [] };
  const kept = codecs.filter(({ mimeType }) =>
    new RegExp(`/(${codec}|rtx|red|ulpfec|flexfec-03)$`, 'i').test(mimeType),
  );
  if (kept.some(({ mimeType }) => mimeType.toLowerCase() === `video/${codec}`)) transceiver.setCodecPreferences(kept);
}

/**
 * Browsers that can tell the layers of AV1 apart do not offer it by themselves.
 * @param {RTCRtpTransceiver} transceiver
 */
function understandLayers(transceiver) {
  const extensible = /** @type {any} */ (transceiver);
  if (!extensible.setHeaderExtensionsToNegotiate) return;
  const wanted = extensible
    .getHeaderExtensionsToNegotiate()
    .map((each) => (each.uri.includes('dependency-descriptor') ? { ...each, direction: 'sendrecv' } : each));
  extensible.setHeaderExtensionsToNegotiate(wanted);
}

/**
 * A participant's one RTCPeerConnection: four sources out, four slots in, negotiated once. A call only switches routes
 * at the relay; a track is put in or taken out without negotiation.
 *
 * Events: `state` (detail: {@link MediaState}), `slot` (detail: {slot, track}) when a slot has its track.
 */
export class MediaSession extends EventTarget {
  /** @type {MediaState} */
  state = 'idle';
  /** @type {Map<Slot, MediaStreamTrack>} What each slot plays. */
  slots = new Map();

  /** @type {RTCIceServer[]} STUN and TURN servers to use from the next connection or restart on. */
  iceServers = [];

  #exchange;
  #codec;
  /** @type {RTCPeerConnection | null} */
  #connection = null;
  /** @type {Map<Source, RTCRtpTransceiver>} */
  #sources = new Map();
  /** @type {Map<Slot, RTCRtpTransceiver>} */
  #slotTransceivers = new Map();
  /** @type {Map<Source, MediaStreamTrack | null>} */
  #tracks = new Map();
  #sending = false;
  /** @type {Map<Source, string[]>} The encodings that the relay has a use for, where not all. */
  #wanted = new Map();
  /** @type {Promise<void>} One negotiation at a time. */
  #turn = Promise.resolve();
  #restartTimer = 0;
  #restarts = 0;

  /**
   * @param {Exchange} exchange carries an offer to the relay @param {string} [codec] the only video codec to use
   * @param {Record<string, RTCDataChannelInit>} [channels] of the portal's own
   */
  constructor(exchange, codec = '', channels = {}) {
    super();
    this.channels = new Channels(channels);
    this.#exchange = exchange;
    this.#codec = codec;
  }

  /** Start afresh: a new connection, negotiated, with the tracks that are known. */
  async open() {
    this.close();
    const connection = new RTCPeerConnection(this.#configuration());
    this.#connection = connection;
    for (const source of SOURCES) this.#addSource(connection, source);
    for (const slot of SLOTS) this.#addSlot(connection, slot);
    this.channels.open(connection);
    connection.onconnectionstatechange = () => this.#follow(connection);
    this.#enter('connecting');
    await this.#negotiate({});
    await this.setSending(this.#sending);
  }

  /** Close the connection; tracks stay known for the next `open`. */
  close() {
    clearTimeout(this.#restartTimer);
    if (this.#connection) this.#connection.onconnectionstatechange = null;
    this.#connection?.close();
    this.#connection = null;
    this.#sources.clear();
    this.#slotTransceivers.clear();
    this.slots.clear();
    this.#wanted.clear();
    this.#enter('idle');
  }

  /** Look for a new path to the relay (the network changed, or the old path is silent). */
  async restart() {
    clearTimeout(this.#restartTimer);
    if (!this.#connection) return;
    this.#restartTimer = window.setTimeout(() => this.state !== 'connected' && this.restart(), RESTART_INTERVAL_MS);
    this.#connection.setConfiguration(this.#configuration());
    const afresh = ++this.#restarts > RESTART_LIMIT;
    // Without signalling there is no answer: the timer tries again, and the path may come back by itself meanwhile.
    await (afresh ? this.open() : this.#negotiate({ iceRestart: true })).catch(() => undefined);
  }

  /**
   * Put a track into a source, or take it out with `null`.
   * @param {Source} source @param {MediaStreamTrack | null} track
   */
  async setTrack(source, track) {
    this.#tracks.set(source, track);
    await this.#sources.get(source)?.sender.replaceTrack(track);
  }

  /** Send what we have, or nothing (no call). @param {boolean} sending */
  async setSending(sending) {
    this.#sending = sending;
    await Promise.all([...this.#sources].map(([source, { sender }]) => this.#activate(source, sender)));
  }

  /** Send only these encodings of a source. @param {Source} source @param {string[]} rids */
  async setEncodings(source, rids) {
    this.#wanted.set(source, rids);
    const transceiver = this.#sources.get(source);
    if (transceiver) await this.#activate(source, transceiver.sender);
  }

  /** Statistics of the connection (RTCStatsReport), and which MID is which source or slot. */
  async statistics() {
    if (!this.#connection) return null;
    const byMid = (transceivers) => Object.fromEntries([...transceivers].map(([name, { mid }]) => [mid, name]));
    return {
      report: await this.#connection.getStats(),
      sources: byMid(this.#sources),
      slots: byMid(this.#slotTransceivers),
    };
  }

  /** @returns {RTCConfiguration} */
  #configuration() {
    return { iceServers: this.iceServers, bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' };
  }

  /** @param {RTCPeerConnection} connection @param {Source} source */
  #addSource(connection, source) {
    const transceiver = connection.addTransceiver(this.#tracks.get(source) ?? kindOf(source), {
      direction: 'sendonly',
      sendEncodings: /** @type {RTCRtpEncodingParameters[]} */ (ENCODINGS[source].map((each) => ({ ...each }))),
    });
    if (this.#codec && kindOf(source) === 'video') preferCodec(transceiver, 'sender', this.#codec);
    this.#sources.set(source, transceiver);
  }

  /** @param {RTCPeerConnection} connection @param {Slot} slot */
  #addSlot(connection, slot) {
    const transceiver = connection.addTransceiver(kindOf(slot), { direction: 'recvonly' });
    if (this.#codec && kindOf(slot) === 'video') preferCodec(transceiver, 'receiver', this.#codec);
    if (kindOf(slot) === 'video') understandLayers(transceiver);
    this.#slotTransceivers.set(slot, transceiver);
    this.slots.set(slot, transceiver.receiver.track);
    emit(this, 'slot', { slot, track: transceiver.receiver.track });
  }

  /** @param {RTCOfferOptions} options */
  #negotiate(options) {
    const connection = this.#connection;
    const turn = this.#turn.then(async () => {
      if (!connection || connection !== this.#connection) return;
      if (connection.signalingState !== 'stable') await connection.setLocalDescription({ type: 'rollback' });
      await connection.setLocalDescription(await connection.createOffer(options));
      const offered = /** @type {RTCSessionDescription} */ (connection.localDescription).sdp;
      const channels = dataMid(offered);
      const sdp = await this.#exchange({
        sdp: offered,
        sources: this.#mids(this.#sources),
        slots: { ...this.#mids(this.#slotTransceivers), ...(channels ? { [channels]: 'data' } : {}) },
      });
      if (connection === this.#connection) await connection.setRemoteDescription({ type: 'answer', sdp });
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** @param {Map<any, RTCRtpTransceiver>} transceivers @returns {Record<string, any>} */
  #mids(transceivers) {
    return Object.fromEntries([...transceivers].map(([name, { mid }]) => [/** @type {string} */ (mid), name]));
  }

  /** @param {Source} source @param {RTCRtpSender} sender */
  async #activate(source, sender) {
    const parameters = sender.getParameters();
    if (!parameters.encodings?.length) return;
    const wanted = this.#wanted.get(source);
    for (const encoding of parameters.encodings) {
      encoding.active = this.#sending && (!wanted || !encoding.rid || wanted.includes(encoding.rid));
    }
    if (DEGRADATION[source]) Object.assign(parameters, { degradationPreference: DEGRADATION[source] });
    await sender.setParameters(parameters).catch(() => undefined); // the connection closed meanwhile
  }

  /** @param {RTCPeerConnection} connection */
  #follow(connection) {
    const state = connection.connectionState;
    if (state === 'connected') {
      clearTimeout(this.#restartTimer);
      this.#restarts = 0;
      this.#enter('connected');
    } else if (state === 'failed') {
      this.#enter('interrupted');
      this.restart();
    } else if (state === 'disconnected') {
      this.#enter('interrupted');
      clearTimeout(this.#restartTimer);
      this.#restartTimer = window.setTimeout(() => this.restart(), DISCONNECTED_PATIENCE_MS);
    }
  }

  /** @param {MediaState} state */
  #enter(state) {
    if (this.state === state) return;
    this.state = state;
    emit(this, 'state', state);
  }
}
