import { t } from '../i18n.js';
import { bitrate, milliseconds, percent } from './format.js';
import { shape } from './elements.js';

const BARS = { none: 0, poor: 1, fair: 2, good: 4 };

/**
 * Four bars and a word for the quality of the connection; the numbers are in the tooltip.
 * @param {HTMLElement} place @param {import('../client/quality.js').Quality | null} quality
 */
export function showSignal(place, quality) {
  const grade = quality?.grade ?? 'none';
  const word = t(`quality.${grade}`);
  if (place.dataset.grade === grade && place.getAttribute('aria-label') === word) return describe(place, quality);
  place.dataset.grade = grade;
  place.setAttribute('aria-label', word);
  const bars = [0, 1, 2, 3].map((n) =>
    shape('rect', {
      x: 2 + n * 5.5,
      y: 16 - n * 4,
      width: 3.5,
      height: 6 + n * 4,
      rx: 1,
      class: n < BARS[grade] ? 'lit' : 'dim',
    }),
  );
  const label = document.createElement('span');
  label.textContent = word;
  place.replaceChildren(
    shape('svg', { viewBox: '0 0 24 24', class: 'signal-bars', 'aria-hidden': 'true' }, ...bars),
    label,
  );
  return describe(place, quality);
}

function describe(place, quality) {
  if (!quality) return place.removeAttribute('title');
  const received = Object.values(quality.slots).reduce((sum, slot) => sum + slot.bitrate_bps, 0);
  place.title = `${milliseconds(quality.rtt_ms)} · ${percent(quality.loss, 1)} · ${bitrate(received)}`;
}
