import { emit, on } from '../client/events.js';
import { languageSwitch, t } from '../i18n.js';
import { Countdown } from '../ui/clock.js';
import { byId } from '../ui/elements.js';
import { announce, toast } from '../ui/notice.js';
import { Ringer } from '../ui/ringer.js';
import { inWords, keepCase, showChips, showFacts, showTitle } from './case.js';

/** The card of an offered call: what it is, how long it stands, accept or decline. Sends `missed`. */
export class OfferCard extends EventTarget {
  #client;
  #dialog = byId('offer');
  #ringer = new Ringer();
  /** @type {import('../client/messages.js').OfferMade | null} */
  #offer = null;
  #countdown = new Countdown(
    (leftMs, share) => {
      byId('offer-seconds').textContent = `${Math.ceil(leftMs / 1000)}`;
      byId('offer-left').style.strokeDashoffset = `${100 - share * 100}`;
    },
    () => this.#settle(), // the server says what became of it
  );

  /** @param {import('../relay.js').RelayClient} client */
  constructor(client) {
    super();
    this.#client = client;
    on(client, 'offer', (offer) => this.#open(offer));
    on(client, 'offer-ended', (ended) => this.#ended(ended));
    on(client, 'seat', ({ state }) => state !== 'offered' && this.close());
    byId('accept').addEventListener('click', () => this.accept());
    byId('decline').addEventListener('click', () => this.decline());
    this.#dialog.addEventListener('cancel', (event) => event.preventDefault()); // Escape decides nothing
    languageSwitch.addEventListener('change', () => this.#offer && this.#describe(this.#offer));
  }

  /** Whether an offer waits for an answer. */
  get isOpen() {
    return this.#dialog.open && !byId('accept').disabled;
  }

  async accept() {
    if (!this.#offer || !this.isOpen) return;
    this.#settle();
    await this.#answer('offer.accept', this.#offer.offer);
  }

  async decline() {
    if (!this.#offer || !this.isOpen) return;
    this.#settle();
    await this.#answer('offer.decline', this.#offer.offer, { reason: byId('decline-reason').value });
    this.close();
  }

  close() {
    this.#settle();
    this.#offer = null;
    this.#dialog.close();
  }

  /** @param {import('../client/messages.js').OfferMade} offer */
  #open(offer) {
    this.#offer = offer;
    keepCase(offer);
    this.#describe(offer);
    byId('decline-reason').value = '';
    byId('accept').disabled = byId('decline').disabled = false;
    if (!this.#dialog.open) this.#dialog.showModal();
    byId('offer-title').focus(); // not a button: what is being typed must not answer the call
    this.#countdown.start(offer.expires_in_ms);
    this.#ringer.start(`● ${t('seat.offer.title')}`);
    announce('seat.offer.announce', { words: inWords(offer) });
  }

  /** @param {import('../client/messages.js').OfferMade} offer */
  #describe(offer) {
    showTitle(byId('offer-title'), offer);
    showChips(byId('offer-chips'), offer);
    showFacts(byId('offer-facts'), offer);
  }

  /** @param {string} type @param {string} offer @param {Record<string, string>} [fields] */
  async #answer(type, offer, fields = {}) {
    try {
      await this.#client.request(type, { offer, ...fields });
    } catch {
      toast('seat.offer.gone');
      this.close();
    }
  }

  /** @param {import('../client/messages.js').OfferEnded} ended */
  #ended({ outcome }) {
    if (outcome === 'accepted') return;
    this.close();
    if (outcome === 'timeout') {
      emit(this, 'missed');
      toast('seat.offer.missed');
    } else if (outcome === 'withdrawn') toast('seat.offer.withdrawn');
  }

  /** No more answer is possible. */
  #settle() {
    this.#countdown.stop();
    this.#ringer.stop();
    byId('accept').disabled = byId('decline').disabled = true;
  }
}
