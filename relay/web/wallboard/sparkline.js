import { shape } from '../ui/elements.js';

const SAMPLE_MS = 5000;
const SAMPLES = 360;
const WIDTH = 300;
const HEIGHT = 80;

/** A line over the last half hour: one sample each five seconds, the highest of them. */
export class Sparkline {
  #svg;
  /** @type {number[]} */
  #samples = [];
  #sampledAt = -Infinity;

  /** @param {SVGSVGElement} svg with a view box of 300 × 80 */
  constructor(svg) {
    this.#svg = svg;
  }

  /** @param {number} value @param {number} atMs */
  add(value, atMs) {
    if (atMs - this.#sampledAt < SAMPLE_MS) {
      this.#samples[this.#samples.length - 1] = Math.max(value, this.#samples[this.#samples.length - 1]);
    } else {
      this.#sampledAt = atMs;
      this.#samples.push(value);
      if (this.#samples.length > SAMPLES) this.#samples.shift();
    }
    this.#draw();
  }

  #draw() {
    const most = Math.max(4, ...this.#samples);
    const step = WIDTH / (SAMPLES - 1);
    const from = WIDTH - (this.#samples.length - 1) * step;
    const points = this.#samples.map(
      (value, n) => `${(from + n * step).toFixed(1)},${(HEIGHT - 4 - (value / most) * (HEIGHT - 10)).toFixed(1)}`,
    );
    const area = [`${from.toFixed(1)},${HEIGHT}`, ...points, `${WIDTH},${HEIGHT}`];
    this.#svg.replaceChildren(
      shape('polygon', { points: area.join(' '), class: 'spark-area' }),
      shape('polyline', { points: points.join(' '), class: 'spark-line' }),
    );
  }
}
