const TONES_HZ = [660, 880];
const TONE_S = 0.35;
const PERIOD_MS = 2000;
const FLASH_MS = 900;

/** Rings softly and flashes the page title until stopped. The sound is made here: no file to load, nothing to license. */
export class Ringer {
  /** @type {AudioContext | null} */
  #context = null;
  #ringTimer = 0;
  #flashTimer = 0;
  #title = '';

  /** @param {string} notice what the title shows in turn with its own text */
  start(notice) {
    this.stop();
    this.#title = document.title;
    document.title = notice;
    this.#flashTimer = window.setInterval(() => {
      document.title = document.title === notice ? this.#title : notice;
    }, FLASH_MS);
    this.#context ??= new AudioContext();
    this.#context.resume();
    this.#ring(this.#context);
    this.#ringTimer = window.setInterval(() => this.#context && this.#ring(this.#context), PERIOD_MS);
  }

  stop() {
    clearInterval(this.#ringTimer);
    clearInterval(this.#flashTimer);
    if (this.#title) document.title = this.#title;
    this.#title = '';
  }

  /** @param {AudioContext} context */
  #ring(context) {
    TONES_HZ.forEach((frequency, index) => {
      const from = context.currentTime + index * TONE_S;
      const tone = new OscillatorNode(context, { type: 'sine', frequency });
      const volume = new GainNode(context, { gain: 0 });
      volume.gain.setTargetAtTime(0.2, from, 0.02);
      volume.gain.setTargetAtTime(0, from + TONE_S - 0.1, 0.05);
      tone.connect(volume).connect(context.destination);
      tone.start(from);
      tone.stop(from + TONE_S + 0.3);
    });
  }
}
