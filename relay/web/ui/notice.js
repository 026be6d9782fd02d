import { say, t } from '../i18n.js';
import { byId } from './elements.js';

const TOAST_MS = 5000;
let toastTimer = 0;

/** A line above the page for as long as something is wrong; no key takes it away. @param {string} [key] */
export function banner(key = '') {
  const line = byId('banner');
  line.hidden = !key;
  if (key) say(line, key);
}

/** A message for a moment. @param {string} key @param {Record<string, string | number>} [values] */
export function toast(key, values) {
  const box = byId('toast');
  clearTimeout(toastTimer);
  box.hidden = false;
  say(box, key, values);
  toastTimer = window.setTimeout(() => (box.hidden = true), TOAST_MS);
}

/** Tell screen readers. @param {string} key @param {Record<string, string | number>} [values] */
export function announce(key, values) {
  byId('announcer').textContent = t(key, values);
}

/**
 * Ask before something that cannot be undone.
 * @param {{title: string, text: string, yes: string, no: string}} words dictionary keys
 * @returns {Promise<boolean>}
 */
export function ask(words) {
  const dialog = byId('question');
  for (const part of /** @type {const} */ (['title', 'text', 'yes', 'no'])) say(byId(`question-${part}`), words[part]);
  dialog.returnValue = 'no';
  dialog.showModal();
  byId('question-no').focus();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}

/** Close an open question as "no": what it asked about is over. */
export function withdrawQuestion() {
  const dialog = byId('question');
  if (dialog.open) dialog.close('no');
}
