import { either, has, say, sayName, t } from '../i18n.js';
import { make } from '../ui/elements.js';
import { duration } from '../ui/format.js';

/** @typedef {import('../client/messages.js').OfferMade} OfferMade */
/** @typedef {import('../client/messages.js').CallState} CallState */

const KEPT = 'relay.case';

/**
 * What is known of a call, kept for the time of the call so that a reload of the page does not lose it.
 * @param {OfferMade} offer
 */
export function keepCase(offer) {
  sessionStorage.setItem(KEPT, JSON.stringify(offer));
}

/**
 * The case of a call: as it was offered, or what the call's state tells.
 * @param {CallState} call @param {import('../client/messages.js').Item[]} items
 * @returns {Partial<OfferMade>}
 */
export function caseOf(call, items) {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? '{}');
  if (kept.call === call.call) return kept;
  const item = items.find(({ code }) => code === call.item);
  return {
    call: call.call,
    item: call.item,
    item_zh: item?.name_zh,
    item_en: item?.name_en,
    kind: call.kind,
    party: call.party,
  };
}

/** @param {HTMLElement} place @param {Partial<OfferMade>} known */
export function showTitle(place, { item = '', item_zh: zh = '', item_en: en = '' }) {
  sayName(place, zh || item, en || item);
}

/** Kind, language and priority at a glance. @param {HTMLElement} place @param {Partial<OfferMade>} known */
export function showChips(place, { kind = '', language = 'zh', priority = [], purpose = 'call' }) {
  const chips = [];
  if (purpose !== 'call') chips.push(make('span', { className: 'chip warn', words: `seat.purpose.${purpose}` }));
  if (kind) chips.push(make('span', { className: 'chip', words: `seat.kind.${kind}` }));
  if (language !== 'zh')
    chips.push(
      make('span', {
        className: 'chip',
        words: has(`seat.language.${language}`) ? `seat.language.${language}` : 'seat.language.other',
      }),
    );
  for (const name of priority.filter((each) => each !== 'normal')) {
    const key = `seat.priority.${name}`;
    chips.push(
      has(key)
        ? make('span', { className: 'chip warn', words: key })
        : make('span', { className: 'chip warn', textContent: name }),
    );
  }
  place.replaceChildren(...chips);
}

/** @param {HTMLElement} list @param {Partial<OfferMade>} known */
export function showFacts(list, { party = '', region = '', region_zh: zh = '', region_en: en = '', waited_s: waitedS }) {
  const facts = [
    ['seat.fact.party', party],
    ['seat.fact.region', either(zh, en) || region],
    ['seat.fact.waited', waitedS === undefined ? '' : duration(waitedS)],
  ];
  const rows = facts
    .filter(([, value]) => value)
    .map(([key, value]) => {
      const term = make('dt');
      say(term, key);
      return make('div', {}, term, make('dd', { textContent: value }));
    });
  list.replaceChildren(...rows);
}

/** One line for the title bar and for screen readers. @param {OfferMade} offer */
export const inWords = ({ item, item_zh: zh, item_en: en, party }) =>
  t('seat.offer.words', { item: either(zh, en) || item, party });
