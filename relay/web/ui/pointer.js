import { on } from '../client/events.js';
import { all } from './elements.js';
import { announce } from './notice.js';

/** @typedef {import('../client/messages.js').Source} Source */
/** @typedef {{on: Source, x?: number, y?: number}} Pointing shares of width and height; without them the pointer has left */

const INTERVAL_MS = 50;
/** A pointer that does not move is forgotten, in case its leaving was lost. */
const PATIENCE_MS = 4000;
const SHARED = ['screen', 'document'];

/**
 * Pointing at what the other side shows us (`[data-slot]`, the enlarged one), and being shown what they point at in what we show
 * (`[data-own]`). It goes over the lossy data channel `pointer`.
 */
export class Pointer {
  #client;
  #root;
  #sentAt = 0;
  #words;
  /** @type {Map<string, number>} */
  #timers = new Map();

  /** @param {import('../relay.js').RelayClient} client @param {HTMLElement} root @param {string} words announced when they begin */
  constructor(client, root, words) {
    this.#client = client;
    this.#root = root;
    this.#words = words;
    for (const source of SHARED) {
      const tile = root.querySelector(`[data-slot="${source}"]`);
      tile?.addEventListener('pointermove', (event) => this.#point(/** @type {PointerEvent} */ (event), tile, source));
      for (const over of ['pointerleave', 'pointercancel']) tile?.addEventListener(over, () => this.#leave(source));
    }
    on(client, 'message', ({ label, place, data }) => label === 'pointer' && this.#show(place, data));
  }

  /** @param {PointerEvent} event @param {Element} tile @param {string} source */
  #point(event, tile, source) {
    const now = performance.now();
    if (now - this.#sentAt < INTERVAL_MS || !tile.classList.contains('is-main')) return;
    const turns = source === 'document' ? Number(this.#root.dataset.turns ?? 0) : 0;
    const spot = placeIn(tile.querySelector('video'), event.clientX, event.clientY, turns);
    if (!spot) return;
    this.#sentAt = now;
    this.#client.say('pointer', JSON.stringify({ on: source, ...spot }));
  }

  /** @param {string} source */
  #leave(source) {
    this.#client.say('pointer', JSON.stringify({ on: source }));
  }

  /** @param {number} place @param {string | ArrayBuffer} data */
  #show(place, data) {
    const pointing = parse(data);
    const tile = pointing && this.#root.querySelector(`[data-own="${pointing.on}"]`);
    if (!tile) return;
    const mark = all(`[data-pointer="${place}"]`, tile)[0] ?? makeMark(tile, place);
    const box = pictureOf(tile.querySelector('video'));
    const key = `${pointing.on}-${place}`;
    clearTimeout(this.#timers.get(key));
    if (pointing.x === undefined || pointing.y === undefined || !box) {
      mark.hidden = true;
      return;
    }
    if (mark.hidden) announce(this.#words);
    mark.hidden = false;
    mark.style.left = `${100 * (box.left + pointing.x * box.width)}%`;
    mark.style.top = `${100 * (box.top + pointing.y * box.height)}%`;
    this.#timers.set(key, window.setTimeout(() => (mark.hidden = true), PATIENCE_MS));
  }
}

/** @param {Element} tile @param {number} place */
function makeMark(tile, place) {
  const mark = Object.assign(document.createElement('span'), { className: 'pointer-mark', hidden: true });
  mark.dataset.pointer = String(place);
  mark.setAttribute('aria-hidden', 'true');
  tile.append(mark);
  return mark;
}

/** What somebody sent, if it is a pointing. @param {string | ArrayBuffer} data @returns {Pointing | null} */
function parse(data) {
  if (typeof data !== 'string') return null;
  try {
    const { on: source, x, y } = JSON.parse(data);
    const inside = [x, y].every((share) => typeof share === 'number' && share >= 0 && share <= 1);
    return SHARED.includes(source) ? { on: source, ...(inside ? { x, y } : {}) } : null;
  } catch {
    return null;
  }
}

/**
 * Which share of the player the picture covers: it is fitted or filled, and centred.
 * @param {HTMLVideoElement} video
 */
function pictureOf(video) {
  const { videoWidth, videoHeight, clientWidth, clientHeight } = video;
  if (!videoWidth || !clientWidth) return null;
  const [wide, high] = [clientWidth / videoWidth, clientHeight / videoHeight];
  const scale = getComputedStyle(video).objectFit === 'cover' ? Math.max(wide, high) : Math.min(wide, high);
  const [width, height] = [(videoWidth * scale) / clientWidth, (videoHeight * scale) / clientHeight];
  return { left: (1 - width) / 2, top: (1 - height) / 2, width, height };
}

/**
 * Where in its picture a point of the window lies, the picture being turned by quarters.
 * @param {HTMLVideoElement} video @param {number} clientX @param {number} clientY @param {number} turns
 */
function placeIn(video, clientX, clientY, turns) {
  const box = pictureOf(video);
  if (!box) return null;
  const bounds = video.getBoundingClientRect();
  let [x, y] = [clientX - bounds.left - bounds.width / 2, clientY - bounds.top - bounds.height / 2];
  for (let turn = 0; turn < turns; turn++) [x, y] = [y, -x];
  const share = {
    x: (x / video.clientWidth + 0.5 - box.left) / box.width,
    y: (y / video.clientHeight + 0.5 - box.top) / box.height,
  };
  const inside = share.x >= 0 && share.x <= 1 && share.y >= 0 && share.y <= 1;
  return inside ? { x: Math.round(share.x * 1e4) / 1e4, y: Math.round(share.y * 1e4) / 1e4 } : null;
}
