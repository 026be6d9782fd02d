import { on } from '../client/events.js';
import { languageSwitch, say } from '../i18n.js';
import { all, make } from './elements.js';

/** @typedef {import('../client/messages.js').Member} Member */

/**
 * The further parties of a conversation: a tile (`[data-party]`) and a voice for each place beyond the first. A tile is
 * there while somebody holds the place, and shows a face while one comes.
 */
export class Parties {
  /** @type {Map<number, HTMLElement>} */
  #tiles;
  /** @type {Member[]} */
  #members = [];
  #root;

  /** @param {import('../relay.js').RelayClient} client @param {ParentNode} root */
  constructor(client, root) {
    this.#tiles = new Map(all('[data-party]', root).map((tile) => [Number(tile.dataset.party), tile]));
    for (const [place, tile] of this.#tiles) {
      const face = make('video', { muted: true, playsInline: true, autoplay: true });
      const voice = make('audio', { autoplay: true, data: { voice: String(place) } });
      tile.append(face, make('span', { className: 'tile-off' }), make('span', { className: 'tile-name' }), voice);
      const suffix = place > 1 ? `-${place}` : '';
      client.play(/** @type {any} */ (`camera${suffix}`), face);
      client.play(/** @type {any} */ (`microphone${suffix}`), voice);
      for (const event of ['loadeddata', 'emptied', 'resize']) face.addEventListener(event, () => this.#cover(tile));
    }
    this.#root = root;
    on(client, 'speaker', (place) => this.#speaks(place));
    languageSwitch.addEventListener('change', () => this.update(this.#members));
    this.update([]);
  }

  /** @param {Member[]} members of the call; those with a `place` are heard here */
  update(members) {
    this.#members = members;
    if (members.filter(({ place }) => place).length < 2) this.#speaks(0);
    for (const [place, tile] of this.#tiles) {
      const member = members.find((each) => each.place === place);
      tile.hidden = !member;
      if (!member) continue;
      const name = tile.querySelector('.tile-name');
      delete name.dataset.i18n;
      const role = make('span', { className: 'tile-role', words: `role.${member.role}` });
      name.replaceChildren(role, ` ${member.name}`);
      this.#cover(tile);
    }
  }

  /** Frame whoever has the word. @param {number} speaking a place; 0: nobody in particular */
  #speaks(speaking) {
    const first = all('[data-slot="camera"]', this.#root).map((tile) => /** @type {const} */ ([1, tile]));
    for (const [place, tile] of [...first, ...this.#tiles]) tile.classList.toggle('is-speaking', place === speaking);
  }

  /** @param {HTMLElement} tile */
  #cover(tile) {
    const hasFace = tile.querySelector('video').videoWidth > 0;
    tile.classList.toggle('is-off', !hasFace);
    say(tile.querySelector('.tile-off'), 'tile.voice-only');
  }
}
