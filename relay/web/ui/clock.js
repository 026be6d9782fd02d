import { languageSwitch } from '../i18n.js';
import { dateText } from './format.js';

/** Keep the wall clock of a page. @param {HTMLTimeElement} time @param {HTMLElement} [date] */
export function runClock(time, date) {
  const tick = () => {
    const now = new Date();
    time.textContent = dateText(now, { hour: '2-digit', minute: '2-digit', hour12: false });
    time.dateTime = now.toISOString();
    if (date) date.textContent = dateText(now, { month: 'long', day: 'numeric', weekday: 'long' });
  };
  tick();
  languageSwitch.addEventListener('change', tick);
  window.setInterval(tick, 1000);
}

/** Counts seconds from a moment and shows them; `stop` before the next `start` is not needed. */
export class Stopwatch {
  #timer = 0;
  #startedAt = 0;
  #show;

  /** @param {(elapsedS: number) => void} show called at once, then every second */
  constructor(show) {
    this.#show = show;
  }

  /** @param {number} [elapsedS] how long it has been running already */
  start(elapsedS = 0) {
    this.stop();
    this.#startedAt = performance.now() - elapsedS * 1000;
    this.#timer = window.setInterval(() => this.#tick(), 1000);
    this.#tick();
  }

  stop() {
    clearInterval(this.#timer);
  }

  #tick() {
    this.#show((performance.now() - this.#startedAt) / 1000);
  }
}

/** Counts down in small steps, and tells when it is over. */
export class Countdown {
  #timer = 0;
  #endsAt = 0;
  #totalMs = 0;
  #show;
  #over;

  /**
   * @param {(leftMs: number, share: number) => void} show what is left, in milliseconds and as share of the whole
   * @param {() => void} [over]
   */
  constructor(show, over = () => undefined) {
    this.#show = show;
    this.#over = over;
  }

  /** @param {number} totalMs */
  start(totalMs) {
    this.stop();
    this.#totalMs = totalMs;
    this.#endsAt = performance.now() + totalMs;
    this.#timer = window.setInterval(() => this.#tick(), 200);
    this.#tick();
  }

  stop() {
    clearInterval(this.#timer);
  }

  #tick() {
    const leftMs = Math.max(0, this.#endsAt - performance.now());
    this.#show(leftMs, this.#totalMs ? leftMs / this.#totalMs : 0);
    if (leftMs > 0) return;
    this.stop();
    this.#over();
  }
}
