import { emit } from './client/events.js';
import { WORDS } from './words.js';

/** @typedef {'zh' | 'en'} Language */

/** @type {Language[]} In the order of the two texts of each entry in `words.js`. */
export const LANGUAGES = ['zh', 'en'];
const STORE = 'relay.language';
const TAGS = { zh: 'zh-CN', en: 'en-GB' };
const ATTRIBUTES = { i18nLabel: 'aria-label', i18nPlaceholder: 'placeholder', i18nTitle: 'title' };

/** Sends `change` after the language was switched. */
export const languageSwitch = new EventTarget();

/** @type {Language} */
let current = preferred();

/** The language now. @returns {Language} */
export const language = () => current;

/** The BCP 47 tag of the language now, for `Intl`. */
export const languageTag = () => TAGS[current];

/**
 * The text of a key in the language now; `{name}` is replaced by `values.name`.
 * @param {string} key @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  const texts = WORDS[key];
  if (!texts) throw new Error(`no words for ${key}`);
  return texts[LANGUAGES.indexOf(current)].replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** Whether there are words for a key. @param {string} key */
export const has = (key) => key in WORDS;

/** The one of two names that fits the language now. @param {string} zh @param {string} en */
export const either = (zh, en) => (current === 'zh' ? zh || en : en || zh);

/**
 * Write a text into an element, to be kept right when the language changes.
 * @param {HTMLElement} element @param {string} key @param {Record<string, string | number>} [values]
 */
export function say(element, key, values) {
  element.dataset.i18n = key;
  if (values) element.dataset.i18nValues = JSON.stringify(values);
  else delete element.dataset.i18nValues;
  const text = t(key, values);
  if (element.textContent !== text) element.textContent = text; // an unchanged live region stays silent
}

/**
 * Write a name that comes in both languages.
 * @param {HTMLElement} element @param {string} zh @param {string} en
 */
export function sayName(element, zh, en) {
  delete element.dataset.i18n;
  Object.assign(element.dataset, { zh, en });
  element.textContent = either(zh, en);
}

/** Put words in place below a root. @param {ParentNode} [root] */
export function translate(root = document) {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll('[data-i18n]'))) {
    element.textContent = t(element.dataset.i18n ?? '', JSON.parse(element.dataset.i18nValues ?? '{}'));
  }
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll('[data-zh]'))) {
    element.textContent = either(element.dataset.zh ?? '', element.dataset.en ?? '');
  }
  for (const [name, attribute] of Object.entries(ATTRIBUTES)) {
    const selector = `[data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}]`;
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(selector))) {
      element.setAttribute(attribute, t(element.dataset[name] ?? ''));
    }
  }
}

/** Switch the page. @param {Language} next @param {{remember?: boolean}} [options] */
export function setLanguage(next, { remember = true } = {}) {
  current = next;
  if (remember) localStorage.setItem(STORE, next);
  document.documentElement.lang = languageTag();
  translate();
  emit(languageSwitch, 'change', next);
}

/** Translate the page, and let a button switch between the two languages. @param {HTMLElement} button */
export function bindLanguage(button, { remember = true } = {}) {
  setLanguage(current, { remember: false });
  button.addEventListener('click', () => setLanguage(current === 'zh' ? 'en' : 'zh', { remember }));
}

/** `?lang=` of the link, else the last choice on this machine, else the browser's. @returns {Language} */
export function preferred() {
  const wishes = [new URLSearchParams(location.search).get('lang'), localStorage.getItem(STORE), navigator.language];
  for (const wish of wishes) {
    const known = LANGUAGES.find((one) => wish?.toLowerCase().startsWith(one));
    if (known) return known;
  }
  return 'zh';
}
