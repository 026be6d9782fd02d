import { emit } from './events.js';
import { SOURCES } from './messages.js';

/** @typedef {import('./messages.js').Source} Source */
/** @typedef {'live' | 'off' | 'denied' | 'missing' | 'busy' | 'insecure' | 'cancelled'} CaptureState */

const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
const VIDEO = {
  camera: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } },
  document: { width: { ideal: 1920 }, height: { ideal: 1080 }, frameRate: { ideal: 15, max: 30 } },
};
const SCREEN = { video: { frameRate: { ideal: 15, max: 30 } }, audio: false };
/** What the encoder should preserve when it has to choose (W3C mst-content-hint). */
const CONTENT_HINT = { microphone: 'speech', camera: 'motion', document: 'detail', screen: 'detail' };
const DOCUMENT_CAMERA = /document|doc cam|scan|visuali[sz]er|高拍|文档|实物/i;

/** @type {Record<string, CaptureState>} */
const PROBLEM = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'missing',
  OverconstrainedError: 'missing',
  NotReadableError: 'busy',
  AbortError: 'busy',
  InsecureError: 'insecure',
};

const chosenKey = (source) => `relay.device.${source}`;

/**
 * What this machine captures: microphone, camera, document camera, screen. A device is open only while it is wanted.
 *
 * Events: `track` (detail: {source, track}), with a null track when the source stopped (also when it was unplugged, or
 * the browser's own "stop sharing" was used).
 */
export class Capture extends EventTarget {
  /** @type {Map<Source, MediaStreamTrack>} */
  tracks = new Map();
  /** @type {Record<Source, CaptureState>} */
  state = { microphone: 'off', camera: 'off', document: 'off', screen: 'off' };

  /** @type {Set<Source>} What was asked for and not stopped since; the person may take long to permit it. */
  #wanted = new Set();
  /** @type {Promise<void>} One question at a time. */
  #turn = Promise.resolve();

  /**
   * Open sources that are not open yet. One question to the person for microphone and camera together; when that
   * fails, each alone, so that a missing camera does not cost the sound.
   * @param {Source[]} sources
   * @returns {Promise<Record<Source, CaptureState>>}
   */
  async open(sources) {
    for (const source of sources) this.#wanted.add(source);
    this.#turn = this.#turn.then(() => this.#openMissing(sources));
    await this.#turn;
    return this.state;
  }

  /** Stop a source and release its device. @param {Source} source */
  stop(source) {
    this.#wanted.delete(source);
    const track = this.tracks.get(source);
    if (!track) return;
    track.onended = null;
    track.stop();
    this.#lose(source);
  }

  /** Stop everything. */
  close() {
    for (const source of SOURCES) this.stop(source);
  }

  /** Cameras and microphones, named once permission was given. */
  async devices() {
    const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    const of = (kind) => all.filter((device) => device.kind === kind && device.deviceId);
    return { microphones: of('audioinput'), cameras: of('videoinput') };
  }

  /** The device that a source would use, `''` when none. @param {Source} source */
  async deviceFor(source) {
    const { microphones, cameras } = await this.devices();
    const chosen = localStorage.getItem(chosenKey(source)) ?? '';
    const known = (source === 'microphone' ? microphones : cameras).map(({ deviceId }) => deviceId);
    if (known.includes(chosen)) return chosen;
    if (source !== 'document') return '';
    const spare = cameras.filter(({ deviceId }) => deviceId !== this.tracks.get('camera')?.getSettings().deviceId);
    return (
      (spare.find(({ label }) => DOCUMENT_CAMERA.test(label)) ?? (cameras.length > 1 ? spare[0] : undefined))
        ?.deviceId ?? ''
    );
  }

  /**
   * Use another device for a source, now and next time.
   * @param {Source} source @param {string} deviceId
   */
  async choose(source, deviceId) {
    localStorage.setItem(chosenKey(source), deviceId);
    if (!this.tracks.has(source)) return;
    this.stop(source);
    await this.open([source]);
  }

  /** @param {Source[]} sources */
  async #openMissing(sources) {
    const wanted = sources.filter((source) => this.#wanted.has(source) && !this.tracks.has(source));
    const pair = wanted.filter((source) => source === 'microphone' || source === 'camera');
    if (pair.length === 2 && !(await this.#acquire(pair))) {
      for (const source of pair) await this.#acquire([source]);
    } else if (pair.length === 1) {
      await this.#acquire(pair);
    }
    if (wanted.includes('document')) await this.#acquire(['document']);
    if (wanted.includes('screen')) await this.#acquire(['screen']);
  }

  /** @param {Source[]} sources @returns {Promise<boolean>} whether all of them are live */
  async #acquire(sources) {
    try {
      const stream = await this.#ask(sources);
      for (const track of stream.getTracks()) {
        this.#keep(
          track.kind === 'audio' ? 'microphone' : /** @type {Source} */ (sources.find((s) => s !== 'microphone')),
          track,
        );
      }
      return true;
    } catch (error) {
      const cancelled = sources[0] === 'screen' && error.name === 'NotAllowedError';
      for (const source of sources) this.state[source] = cancelled ? 'cancelled' : (PROBLEM[error.name] ?? 'busy');
      return false;
    }
  }

  /** @param {Source[]} sources @returns {Promise<MediaStream>} */
  async #ask(sources) {
    if (!navigator.mediaDevices) throw new DOMException('not a secure context', 'InsecureError');
    if (sources[0] === 'screen') return navigator.mediaDevices.getDisplayMedia(SCREEN);
    /** @type {MediaStreamConstraints} */
    const constraints = {};
    for (const source of sources) {
      const deviceId = await this.deviceFor(source);
      if (source === 'document' && !deviceId) throw new DOMException('no second camera', 'NotFoundError');
      const wanted = deviceId ? { deviceId: { exact: deviceId } } : {};
      if (source === 'microphone') constraints.audio = { ...AUDIO, ...wanted };
      else constraints.video = { ...VIDEO[source], ...wanted };
    }
    return navigator.mediaDevices.getUserMedia(constraints);
  }

  /** @param {Source} source @param {MediaStreamTrack} track */
  #keep(source, track) {
    if (!this.#wanted.has(source)) {
      track.stop();
      return;
    }
    track.contentHint = CONTENT_HINT[source];
    track.onended = () => this.#lose(source);
    this.tracks.set(source, track);
    this.state[source] = 'live';
    emit(this, 'track', { source, track });
  }

  /** @param {Source} source */
  #lose(source) {
    this.tracks.delete(source);
    this.state[source] = 'off';
    emit(this, 'track', { source, track: null });
  }
}
