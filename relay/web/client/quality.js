/** @typedef {import('./messages.js').Source} Source */
/** @typedef {'good' | 'fair' | 'poor' | 'none'} Grade */
/**
 * @typedef {object} StreamQuality One direction of one source over the last interval.
 * @property {number} bitrate_bps
 * @property {number | null} loss share of packets lost, 0 to 1
 * @property {number | null} jitter_ms
 * @property {number} frames_per_s
 * @property {number} width in pixels
 * @property {number} height in pixels
 * @property {number} freezes since the connection began
 * @property {number} packets since the connection began
 * @property {number} audio_energy since the connection began
 * @property {number} frozen_s since the connection began
 * @property {number | null} jitter_buffer_ms mean wait of what was played
 * @property {number | null} concealed share of the sound that was made up, 0 to 1
 *
 * @typedef {object} Quality
 * @property {Grade} grade of the worse direction
 * @property {number | null} rtt_ms to the relay
 * @property {number | null} loss of the worse direction, 0 to 1
 * @property {number | null} jitter_ms of the worst slot
 * @property {Partial<Record<Source, StreamQuality>>} slots
 * @property {Partial<Record<Source, StreamQuality>>} sources
 */

/** Loss, round trip and jitter up to which people notice nothing, then up to which talk is still comfortable. */
const GOOD = { loss: 0.02, rtt_ms: 200, jitter_ms: 40 };
const FAIR = { loss: 0.08, rtt_ms: 400, jitter_ms: 100 };

const seconds = (value) => (value === undefined ? null : value * 1000);
const share = (part, whole) => (whole > 0 ? Math.max(0, part / whole) : null);
const worst = (values) =>
  values.reduce((most, value) => (value !== null && (most === null || value > most) ? value : most), null);
const within = (limit, quality) => Object.entries(limit).every(([name, most]) => (quality[name] ?? 0) <= most);

/** @param {{loss: number | null, rtt_ms: number | null, jitter_ms: number | null}} quality @returns {Grade} */
export function grade(quality) {
  if (quality.rtt_ms === null && quality.loss === null) return 'none';
  if (within(GOOD, quality)) return 'good';
  return within(FAIR, quality) ? 'fair' : 'poor';
}

/** Turns successive statistics of a connection into what people ask: how good is it now? Pure: feed it reports. */
export class QualityMeter {
  /** @type {Map<string, any>} */
  #before = new Map();

  /**
   * @param {{report: Iterable<[string, any]>, sources: Record<string, Source>, slots: Record<string, Source>}} statistics
   * @returns {Quality}
   */
  read({ report, sources, slots }) {
    const stats = new Map(report);
    /** @type {Omit<Quality, 'grade'>} */
    const quality = { slots: {}, sources: {}, rtt_ms: null, loss: null, jitter_ms: null };
    for (const entry of stats.values()) {
      if (entry.type === 'inbound-rtp' && slots[entry.mid]) quality.slots[slots[entry.mid]] = this.#inbound(entry);
      if (entry.type === 'outbound-rtp' && sources[entry.mid]) {
        quality.sources[sources[entry.mid]] = this.#outbound(entry, stats.get(entry.remoteId));
      }
      if (entry.type === 'candidate-pair' && entry.nominated) quality.rtt_ms = seconds(entry.currentRoundTripTime);
    }
    this.#before = stats;
    const streams = /** @type {StreamQuality[]} */ ([
      ...Object.values(quality.slots),
      ...Object.values(quality.sources),
    ]);
    quality.loss = worst(streams.map(({ loss }) => loss));
    quality.jitter_ms = worst(Object.values(quality.slots).map(({ jitter_ms: jitterMs }) => jitterMs));
    return { ...quality, grade: grade(quality) };
  }

  #inbound(now) {
    const { since, elapsedS } = this.#since(now);
    const received = since('packetsReceived');
    const lost = Math.max(0, since('packetsLost'));
    return {
      bitrate_bps: (since('bytesReceived') * 8) / elapsedS,
      loss: received + lost > 0 ? lost / (received + lost) : null,
      jitter_ms: received > 0 ? seconds(now.jitter) : null,
      frames_per_s: since('framesDecoded') / elapsedS,
      width: now.frameWidth ?? 0,
      height: now.frameHeight ?? 0,
      freezes: now.freezeCount ?? 0,
      packets: now.packetsReceived ?? 0,
      audio_energy: now.totalAudioEnergy ?? 0,
      frozen_s: now.totalFreezesDuration ?? 0,
      jitter_buffer_ms: share(since('jitterBufferDelay') * 1000, since('jitterBufferEmittedCount')),
      concealed: share(since('concealedSamples'), since('totalSamplesReceived')),
    };
  }

  #outbound(now, remote) {
    const { since, elapsedS } = this.#since(now);
    const sent = since('packetsSent');
    return {
      bitrate_bps: (since('bytesSent') * 8) / elapsedS,
      loss: sent > 0 && remote ? (remote.fractionLost ?? null) : null,
      jitter_ms: remote ? seconds(remote.jitter) : null,
      frames_per_s: since('framesEncoded') / elapsedS,
      width: now.frameWidth ?? 0,
      height: now.frameHeight ?? 0,
      freezes: 0,
      packets: now.packetsSent ?? 0,
      audio_energy: 0,
      frozen_s: 0,
      jitter_buffer_ms: null,
      concealed: null,
    };
  }

  #since(now) {
    const before = this.#before.get(now.id);
    return {
      since: (name) => (now[name] ?? 0) - (before?.[name] ?? 0),
      elapsedS: Math.max(0.001, before ? (now.timestamp - before.timestamp) / 1000 : 1),
    };
  }
}

/**
 * What the relay is told of a measurement, slot by slot.
 * @param {Quality} quality
 */
export function slotReports({ slots }) {
  return Object.entries(slots).map(([slot, stream]) => ({
    slot,
    freezes: stream.freezes,
    frozen_s: stream.frozen_s,
    width: stream.width,
    height: stream.height,
    ...(stream.jitter_buffer_ms !== null && { jitter_buffer_ms: Math.min(60_000, stream.jitter_buffer_ms) }),
    ...(stream.concealed !== null && { concealed: Math.min(1, stream.concealed) }),
  }));
}
