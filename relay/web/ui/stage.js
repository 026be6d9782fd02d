import { say } from '../i18n.js';
import { all } from './elements.js';

/** @typedef {import('../client/messages.js').Source} Source */

/** @type {Source[]} What people look at first when it is there. */
const PRECEDENCE = ['screen', 'document', 'camera'];

/**
 * Which source is enlarged: the one that was picked while it is active, else the most telling one.
 * @param {Set<Source>} active @param {Source | null} picked @returns {Source}
 */
export function enlarged(active, picked) {
  if (picked && active.has(picked)) return picked;
  return PRECEDENCE.find((source) => active.has(source)) ?? 'camera';
}

/**
 * The tiles of the other side (`[data-slot]` buttons): one is enlarged, by choice or by what starts.
 * A source that starts takes the stage, whatever was picked before.
 */
export class Stage extends EventTarget {
  /** @type {Source | null} */
  #picked = null;
  /** @type {Set<Source>} */
  #active = new Set();
  #root;
  #tiles;

  /** @param {HTMLElement} root */
  constructor(root) {
    super();
    this.#root = root;
    this.#tiles = new Map(all('[data-slot]', root).map((tile) => [/** @type {Source} */ (tile.dataset.slot), tile]));
    for (const [source, tile] of this.#tiles) {
      tile.addEventListener('click', () => this.pick(source));
      for (const event of ['loadeddata', 'emptied']) {
        tile.querySelector('video').addEventListener(event, () => this.#cover(source));
      }
    }
    this.show(new Set());
  }

  /** The players of the slots, to be given to the client. @returns {Map<Source, HTMLVideoElement>} */
  get players() {
    return new Map([...this.#tiles].map(([source, tile]) => [source, tile.querySelector('video')]));
  }

  /** @param {Set<Source>} active sources of the other side */
  show(active) {
    const begun = PRECEDENCE.find((source) => active.has(source) && !this.#active.has(source));
    if (begun && begun !== 'camera') this.#picked = null;
    this.#active = new Set(active);
    this.#arrange();
  }

  /** @param {Source} source */
  pick(source) {
    if (source !== 'camera' && !this.#active.has(source)) return;
    this.#picked = source;
    this.#arrange();
  }

  #arrange() {
    const main = enlarged(this.#active, this.#picked);
    this.#root.classList.toggle('is-face-to-face', !this.#active.has('screen') && !this.#active.has('document'));
    for (const [source, tile] of this.#tiles) {
      tile.hidden = source !== 'camera' && !this.#active.has(source);
      tile.classList.toggle('is-main', source === main);
      tile.setAttribute('aria-pressed', String(source === main));
      this.#cover(source);
    }
  }

  /** In place of a picture that is not there: why. @param {Source} source */
  #cover(source) {
    const tile = this.#tiles.get(source);
    const active = this.#active.has(source);
    const hasPicture = active && tile.querySelector('video').readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    tile.classList.toggle('is-off', !hasPicture);
    say(tile.querySelector('.tile-off'), active ? 'tile.receiving' : 'tile.camera.off');
  }
}
