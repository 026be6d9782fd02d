import { has, say } from '../i18n.js';
import { Countdown } from '../ui/clock.js';
import { byId, make } from '../ui/elements.js';
import { duration } from '../ui/format.js';
import { toast } from '../ui/notice.js';
import { caseOf, showTitle } from './case.js';

const notesKey = (call) => `relay.notes.${call}`;

/** After-call work: how it ended, notes, and the time that is left. Notes stay in this tab until wrap-up is done. */
export class WrapUp {
  #client;
  #call = '';
  /** The call whose notes the talk view shows. */
  #noted = '';
  #countdown = new Countdown((leftMs) =>
    say(byId('wrapup-left'), 'seat.wrapup.left', { time: duration(leftMs / 1000 + 0.9) }),
  );

  /** @param {import('../relay.js').RelayClient} client */
  constructor(client) {
    this.#client = client;
    byId('notes').addEventListener('input', ({ target }) =>
      sessionStorage.setItem(notesKey(client.call?.call), target.value),
    );
    byId('wrapup-notes').addEventListener('input', ({ target }) =>
      sessionStorage.setItem(notesKey(this.#call), target.value),
    );
    for (const [button, field] of [
      ['copy', 'notes'],
      ['wrapup-copy', 'wrapup-notes'],
    ]) {
      byId(button).addEventListener('click', () => this.#copy(byId(field).value));
    }
    byId('wrapup').addEventListener('submit', (event) => {
      event.preventDefault();
      this.finish();
    });
  }

  /** The outcomes that this relay takes; none: any, so those of the page stay. @param {string[]} codes */
  offer(codes) {
    if (codes.length === 0) return;
    const legend = byId('dispositions').querySelector('legend');
    const options = codes.map((value, index) => {
      const key = `disposition.${value}`;
      const name = has(key) ? make('span', { words: key }) : make('span', { textContent: value });
      const radio = make('input', { type: 'radio', name: 'disposition', value, defaultChecked: index === 0 });
      return make('label', { className: 'option' }, radio, name);
    });
    byId('dispositions').replaceChildren(legend, ...options);
  }

  /** Bring the notes of a call back into its view. @param {string} call */
  resumeNotes(call) {
    if (call === this.#noted) return;
    this.#noted = call;
    byId('notes').value = sessionStorage.getItem(notesKey(call)) ?? '';
  }

  /** @param {import('../client/messages.js').SeatState} seat */
  begin({ call, until_ms: untilMs }) {
    if (call !== this.#call) byId('wrapup').reset();
    this.#call = call;
    byId('wrapup-notes').value = sessionStorage.getItem(notesKey(call)) ?? '';
    const state = this.#client.call;
    if (state) showTitle(byId('wrapup-item'), caseOf(state, this.#client.welcome?.items ?? []));
    if (untilMs) this.#countdown.start(untilMs);
    else say(byId('wrapup-left'), 'seat.wrapup.no-limit');
  }

  end() {
    this.#countdown.stop();
    if (this.#call) sessionStorage.removeItem(notesKey(this.#call));
    this.#call = '';
  }

  async finish() {
    const disposition = new FormData(byId('wrapup')).get('disposition');
    await this.#client.request('wrapup.finish', { call: this.#call, disposition }).catch(() => toast('seat.failed'));
  }

  /** @param {string} text */
  async #copy(text) {
    await navigator.clipboard.writeText(text).then(
      () => toast('seat.notes.copied'),
      () => toast('seat.failed'),
    );
  }
}
