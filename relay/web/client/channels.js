import { emit } from './events.js';

/**
 * What is said outside the signalling, fast and small. A pointer must be new or it is of no use; a stroke of a pen must arrive.
 * @type {Record<string, RTCDataChannelInit>}
 */
const CHANNELS = { pointer: { ordered: false, maxRetransmits: 0 }, annotation: {} };
/** From how many other parties we hear: the first one says `pointer`, the second one `pointer-2`. */
const PARTIES = 3;
/** What waits longer than so many bytes is late: a lossy message is not sent then. */
const PATIENCE_BYTES = 65_536;

/** @param {string} label @param {number} place */
const named = (label, place) => (place === 1 ? label : `${label}-${place}`);

/**
 * The data channels of one connection.
 *
 * Events: `message` (detail: {label, place, data}), `place` being which party said it, counted from 1.
 */
export class Channels extends EventTarget {
  /** @type {Map<string, RTCDataChannel>} */
  #open = new Map();
  #wanted;

  /** @param {Record<string, RTCDataChannelInit>} [more] channels of the portal's own, by label */
  constructor(more = {}) {
    super();
    this.#wanted = { ...CHANNELS, ...more };
  }

  /** Open all of them in a connection that has not been negotiated yet. @param {RTCPeerConnection} connection */
  open(connection) {
    this.#open.clear();
    for (const [label, reliability] of Object.entries(this.#wanted)) {
      for (let place = 1; place <= PARTIES; place++) {
        const channel = connection.createDataChannel(named(label, place), reliability);
        channel.binaryType = 'arraybuffer';
        channel.onmessage = ({ data }) => emit(this, 'message', { label, place, data });
        if (place === 1) this.#open.set(label, channel);
      }
    }
  }

  /**
   * Say something to everybody who hears us.
   * @param {string} label @param {string | ArrayBuffer} data @returns {boolean} whether it was sent
   */
  send(label, data) {
    const channel = this.#open.get(label);
    if (channel?.readyState !== 'open' || channel.bufferedAmount > PATIENCE_BYTES) return false;
    channel.send(/** @type {string} */ (data));
    return true;
  }
}

/** Under which MID an offer has its data channels. @param {string} sdp */
export const dataMid = (sdp) => /^m=application [^]*?^a=mid:(\S+)/m.exec(sdp)?.[1];
