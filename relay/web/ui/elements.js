import { say } from '../i18n.js';

/** @param {string} id @returns {any} the element; its absence is a bug of the page */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no #${id} on this page`);
  return element;
}

/** @param {string} selector @param {ParentNode} [root] @returns {any[]} */
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/**
 * Make an element.
 * @param {string} tag @param {Record<string, unknown>} [properties] `words` is a dictionary key, `data` a dataset
 * @param {...(Node | string)} children
 * @returns {any}
 */
export function make(tag, { words, data = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  Object.assign(element.dataset, data);
  element.append(...children);
  if (words) say(element, String(words));
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';
const SPRITE = new URL('icons.svg', import.meta.url).pathname;

/** A decorative icon of the sprite. @param {string} name @returns {SVGSVGElement} */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(document.createElementNS(SVG, 'use'));
  setIcon(svg, name);
  return svg;
}

/** @param {SVGSVGElement} svg @param {string} name */
export function setIcon(svg, name) {
  svg.firstElementChild?.setAttribute('href', `${SPRITE}#${name}`);
}

/** An SVG element with attributes. @param {string} tag @param {Record<string, string | number>} attributes */
export function shape(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}
