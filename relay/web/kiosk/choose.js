import { emit } from '../client/events.js';
import { either, languageSwitch, say, sayName } from '../i18n.js';
import { all, byId, icon, make } from '../ui/elements.js';

/** @typedef {import('../client/messages.js').Item} Item */
/** @typedef {{item: string, kind: string, priority: string[], appointment?: string}} Wish */

/** Icon of a group by the first part of its items' code. */
const ICONS = {
  'social-security': 'shield',
  'medical-insurance': 'medical',
  health: 'medical',
  market: 'business',
  business: 'business',
  tax: 'tax',
  'public-security': 'id-card',
  'civil-affairs': 'family',
  transport: 'transport',
  education: 'education',
  employment: 'work',
  housing: 'land',
  land: 'land',
};
const SEARCH_FROM = 9;

/** The first three steps of the kiosk: group, item, kind of help. Sends `wish` (detail: {@link Wish}). */
export class Choice extends EventTarget {
  #views;
  /** @type {Map<string, Item[]>} by group name */
  #groups = new Map();
  /** @type {Item[]} */
  #listed = [];
  /** @type {Item | null} */
  #item = null;

  /** @param {import('../ui/views.js').Views} views */
  constructor(views) {
    super();
    this.#views = views;
    for (const button of all('[data-back]')) button.addEventListener('click', () => this.back());
    byId('items-filter').addEventListener('input', () => this.#list());
    languageSwitch.addEventListener('change', () => this.#list());
    byId('booked').addEventListener('change', ({ target }) => this.#askAppointment(target.checked));
    byId('appointment').addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return; // scanners end with it; calling is the visitor's decision
      event.preventDefault();
      byId('call').focus();
    });
    byId('confirm').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** The item that was chosen, as shown to people. @returns {Item | null} */
  get item() {
    return this.#item;
  }

  /** @param {Item[]} items what can be asked for here */
  offer(items) {
    this.#groups = new Map();
    for (const item of items) {
      const group = item.group_zh || item.group_en;
      this.#groups.set(group, [...(this.#groups.get(group) ?? []), item]);
    }
    byId('groups').replaceChildren(...[...this.#groups.values()].map((group) => this.#groupTile(group)));
    byId('groups-empty').hidden = items.length > 0;
  }

  /** Back to the beginning, with nothing of the last visitor left. */
  reset() {
    this.#item = null;
    byId('confirm').reset();
    this.#askAppointment(false);
    this.complain('');
    this.#views.show('groups');
  }

  /** One step back. */
  back() {
    const before = { items: 'groups', confirm: 'items', devices: 'confirm' }[this.#views.current];
    if (before) this.#views.show(before);
  }

  /** Say why the request was not taken. @param {string} key `''` for nothing */
  complain(key) {
    const line = byId('confirm-problem');
    line.hidden = !key;
    if (key) say(line, key);
  }

  /** @param {Item[]} items */
  #groupTile(items) {
    const [{ code, group_zh: zh, group_en: en }] = items;
    const name = make('strong');
    if (zh || en) sayName(name, zh, en);
    else say(name, 'kiosk.groups.other');
    const count = make('span');
    say(count, 'kiosk.groups.count', { n: items.length });
    const tile = make(
      'button',
      { type: 'button', className: 'tile-choice' },
      icon(ICONS[code.split('.')[0]] ?? 'service'),
      name,
      count,
    );
    tile.addEventListener('click', () => this.#openGroup(items, name));
    return make('li', {}, tile);
  }

  /** @param {Item[]} items @param {HTMLElement} name */
  #openGroup(items, name) {
    this.#listed = items;
    const title = byId('items-title');
    if (name.dataset.zh === undefined) say(title, 'kiosk.groups.other');
    else sayName(title, name.dataset.zh, name.dataset.en ?? '');
    byId('items-filter').value = '';
    byId('items-search').hidden = items.length < SEARCH_FROM;
    this.#list();
    this.#views.show('items');
  }

  #list() {
    const sought = byId('items-filter').value.trim().toLowerCase();
    const found = this.#listed.filter((item) => either(item.name_zh, item.name_en).toLowerCase().includes(sought));
    byId('items').replaceChildren(...found.map((item) => this.#itemCard(item)));
    byId('items-empty').hidden = found.length > 0;
  }

  /** @param {Item} item */
  #itemCard(item) {
    const name = make('strong');
    sayName(name, item.name_zh, item.name_en);
    const card = make('button', { type: 'button', className: 'item-choice', disabled: !item.open }, name);
    card.append(item.open ? icon('next') : make('span', { className: 'closed', words: 'kiosk.items.closed' }));
    card.addEventListener('click', () => this.#choose(item));
    return make('li', {}, card);
  }

  /** @param {Item} item */
  #choose(item) {
    this.#item = item;
    sayName(byId('confirm-title'), item.name_zh, item.name_en);
    this.complain('');
    this.#views.show('confirm');
  }

  /** A scanner types like a keyboard, so the field must have the focus. @param {boolean} booked */
  #askAppointment(booked) {
    byId('appointment-field').hidden = !booked;
    if (booked) byId('appointment').focus();
    else byId('appointment').value = '';
  }

  #submit() {
    if (!this.#item) return;
    const form = new FormData(byId('confirm'));
    const appointment = String(form.get('appointment') ?? '').trim();
    /** @type {Wish} */
    const wish = {
      item: this.#item.code,
      kind: String(form.get('kind')),
      priority: form.getAll('priority').map(String),
      ...(appointment && { appointment }),
    };
    emit(this, 'wish', wish);
  }
}
