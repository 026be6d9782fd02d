import { emit } from '../client/events.js';
import { all } from './elements.js';

/** One view of a page at a time; the heading of the new view takes the focus, so that screen readers follow. */
export class Views extends EventTarget {
  current = '';

  /** @param {string} name @param {{focus?: boolean}} [options] */
  show(name, { focus = true } = {}) {
    if (name === this.current) return;
    this.current = name;
    for (const view of all('[data-view]')) view.hidden = view.dataset.view !== name;
    document.body.dataset.at = name;
    const heading = document.querySelector(`[data-view="${name}"] h1`);
    if (focus && heading instanceof HTMLElement) heading.focus({ preventScroll: true });
    window.scrollTo(0, 0);
    emit(this, 'show', name);
  }
}
