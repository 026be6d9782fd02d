import { languageSwitch, say } from '../i18n.js';
import { Stopwatch } from '../ui/clock.js';
import { showOwn } from '../ui/controls.js';
import { byId } from '../ui/elements.js';
import { duration, expectedWait } from '../ui/format.js';
import { LevelMeter } from '../ui/level.js';

/** The waiting view: place in the queue, what to expect, and a mirror to see that one is seen and heard. */
export class Waiting {
  /** @type {import('../client/messages.js').CallState | null} */
  #call = null;
  #watch = new Stopwatch((elapsedS) => (byId('waiting-waited').textContent = duration(elapsedS)));
  #level = new LevelMeter(byId('waiting-level'));

  constructor() {
    languageSwitch.addEventListener('change', () => this.#call && this.#describe(this.#call));
  }

  /** Nothing is known of the call yet. */
  begin() {
    this.#call = null;
    byId('position').dataset.stage = 'queued';
    this.#place('', 'kiosk.waiting.requesting', '');
    say(byId('waiting-title'), 'kiosk.waiting.title');
    say(byId('waiting-expected'), 'wait.unknown');
    this.#watch.start();
  }

  /** @param {import('../client/messages.js').CallState} call */
  update(call) {
    if (call.call !== this.#call?.call || call.waited_s > 0) this.#watch.start(call.waited_s);
    this.#call = call;
    this.#describe(call);
  }

  /** @param {Map<string, MediaStreamTrack>} tracks our own */
  mirror(tracks) {
    const camera = tracks.get('camera');
    showOwn(byId('mirror'), camera);
    byId('mirror-off').hidden = camera !== undefined;
    say(byId('mirror-off'), tracks.has('microphone') ? 'kiosk.mirror.sound-only' : 'kiosk.mirror.nothing');
    this.#level.follow(tracks.get('microphone') ?? null);
  }

  end() {
    this.#watch.stop();
    this.#level.stop();
    showOwn(byId('mirror'), null);
  }

  /** @param {import('../client/messages.js').CallState} call */
  #describe({ state, position, expected_wait_s: expectedS }) {
    const offered = state === 'offered';
    byId('position').dataset.stage = state;
    say(byId('waiting-title'), offered ? 'kiosk.waiting.offered' : 'kiosk.waiting.title');
    if (offered) this.#place('', 'kiosk.waiting.ringing', '');
    else if (position === 1) this.#place('', 'kiosk.waiting.next', '');
    else if (position) this.#place('kiosk.waiting.before', String(position), 'kiosk.waiting.after');
    else this.#place('', 'kiosk.waiting.queued', '');
    const expected = byId('waiting-expected');
    if (offered) say(expected, 'wait.now');
    else {
      delete expected.dataset.i18n;
      expected.textContent = expectedWait(expectedS);
    }
  }

  /** @param {string} before @param {string} middle a number, or a key @param {string} after */
  #place(before, middle, after) {
    const write = (element, key) => {
      if (key) return say(element, key);
      delete element.dataset.i18n;
      element.textContent = '';
    };
    write(byId('position-label'), before);
    write(byId('position-after'), after);
    const number = byId('position-number');
    number.classList.toggle('words', !before);
    if (before) {
      delete number.dataset.i18n;
      if (number.textContent !== middle) number.textContent = middle;
    } else say(number, middle);
  }
}
