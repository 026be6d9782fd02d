import { emit, on } from '../client/events.js';
import { say } from '../i18n.js';
import { Countdown } from '../ui/clock.js';
import { byId } from '../ui/elements.js';
import { toast } from '../ui/notice.js';
import { Ringer } from '../ui/ringer.js';

/**
 * A place in the queue that is kept while the visitor is not at the booth: a note while it waits, a bell when it is
 * their turn. Sends `ring` and `over`.
 */
export class Callback extends EventTarget {
  #client;
  #ringer = new Ringer();
  /** The call that is to be rung back. */
  #call = '';
  #ringing = false;
  #countdown = new Countdown(
    (leftMs) => say(byId('callback-left'), 'kiosk.callback.left', { n: Math.ceil(leftMs / 1000) }),
    () => this.#finish(),
  );

  /** @param {import('../relay.js').RelayClient} client */
  constructor(client) {
    super();
    this.#client = client;
    on(client, 'callback', (ring) => this.#ring(ring));
    byId('callback-answer').addEventListener('click', () => this.#answer());
    byId('callback-decline').addEventListener('click', () => this.cancel());
    byId('callback-cancel').addEventListener('click', () => this.cancel());
  }

  /** Keep the place of a call for later; whether that was possible. @param {string} call */
  async request(call) {
    try {
      await this.#client.request('callback.request', { call });
      return true;
    } catch {
      toast('kiosk.callback.failed');
      return false;
    }
  }

  /** Take in how a call is; whether it is one to be rung back. @param {import('../client/messages.js').CallState} call */
  update(call) {
    const waits = call.callback && (call.state === 'queued' || call.state === 'offered');
    if (waits) {
      this.#call = call.call;
      const ahead = (call.position ?? 1) - 1;
      if (ahead > 0) say(byId('callback-place'), 'kiosk.callback.place', { n: ahead });
      else say(byId('callback-place'), 'kiosk.callback.next');
      byId('callback-note').hidden = this.#ringing;
    } else if (call.call === this.#call) this.#settle();
    return waits;
  }

  async cancel() {
    const call = this.#call;
    this.#finish();
    await this.#client.giveUp(call);
  }

  /** @param {import('../client/messages.js').RingingBack} ring */
  #ring({ call, expires_in_ms: expiresMs }) {
    this.#call = call;
    this.#ringing = true;
    byId('callback-note').hidden = true;
    byId('callback-answer').disabled = false;
    this.#countdown.start(expiresMs);
    this.#ringer.start(`● ${document.title}`);
    emit(this, 'ring');
  }

  async #answer() {
    this.#countdown.stop();
    this.#ringer.stop();
    byId('callback-answer').disabled = true;
    await this.#client.capture.open(['microphone', 'camera']);
    await this.#client.request('callback.answer', { call: this.#call, answered: true }).catch(() => this.#finish());
  }

  #finish() {
    this.#settle();
    emit(this, 'over');
  }

  #settle() {
    this.#call = '';
    this.#ringing = false;
    this.#countdown.stop();
    this.#ringer.stop();
    byId('callback-note').hidden = true;
  }
}
