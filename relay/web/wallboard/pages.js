import { byId } from '../ui/elements.js';

const TURN_MS = 10_000;

/**
 * A list that may be longer than the wall: shows what fits, and turns the page now and then.
 * A row that stays keeps its place on the page, for the caller decides the order.
 */
export class Pages {
  #body;
  #counter;
  #fits;
  #page = 0;
  /** @type {any[]} */
  #rows = [];
  #draw;

  /**
   * @param {string} id of the list; `<id>-page` shows which page this is
   * @param {(row: any) => HTMLElement} draw @param {() => number} fits how many rows there is room for
   */
  constructor(id, draw, fits) {
    this.#body = byId(id);
    this.#counter = byId(`${id}-page`);
    this.#draw = draw;
    this.#fits = fits;
    window.setInterval(() => this.#turn(), TURN_MS);
  }

  /** @param {any[]} rows in order of importance */
  show(rows) {
    this.#rows = rows;
    this.#render();
  }

  #turn() {
    this.#page += 1;
    this.#render();
  }

  #render() {
    const size = Math.max(1, this.#fits());
    const pages = Math.max(1, Math.ceil(this.#rows.length / size));
    this.#page %= pages;
    this.#counter.textContent = pages > 1 ? `${this.#page + 1} / ${pages}` : '';
    const from = this.#page * size;
    this.#body.replaceChildren(...this.#rows.slice(from, from + size).map((row) => this.#draw(row)));
  }
}

/** How many rows of a height fit below the top of an element, down to the end of its section. */
export function roomFor(element, rowHeightRem) {
  const section = element.closest('section').getBoundingClientRect();
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const bottom = section.bottom - 0.75 * rem; // its padding
  return Math.floor((bottom - element.getBoundingClientRect().top) / (rowHeightRem * rem));
}
