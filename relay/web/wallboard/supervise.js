import { on } from '../client/events.js';
import { say } from '../i18n.js';
import { SourceControls } from '../ui/controls.js';
import { all, byId } from '../ui/elements.js';
import { Parties } from '../ui/parties.js';

/** Ways in which the supervisor is heard. */
const HEARD = ['whisper', 'barge'];

/** Listening to a call, speaking to its caseworker, or to all. Media is opened for it, and closed with it. */
export class Supervision {
  #client;
  #dialog = byId('supervise');
  #parties;
  #call = '';

  /** @param {import('../relay.js').RelayClient} client */
  constructor(client) {
    this.#client = client;
    this.#parties = new Parties(client, this.#dialog);
    new SourceControls(client, this.#dialog);
    for (const radio of all('[name=supervise-mode]')) radio.addEventListener('change', () => this.#ask(radio.value));
    byId('supervise-leave').addEventListener('click', () => this.leave());
    this.#dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      this.leave();
    });
    on(client, 'call', (call) => this.#update(call));
    on(client, 'link', (state) => state !== 'online' && this.#close());
  }

  /** @param {string} call @param {string} title */
  async open(call, title) {
    if (this.#call) return;
    this.#call = call;
    byId('supervise-item').textContent = title;
    byId('supervise-problem').hidden = true;
    this.#dialog.showModal();
    await this.#client.openMedia();
    await this.#ask('monitor');
  }

  async leave() {
    const call = this.#call;
    this.#close();
    if (call) await this.#client.request('call.unsupervise', { call }).catch(() => undefined);
  }

  /** @param {string} mode */
  async #ask(mode) {
    const heard = HEARD.includes(mode) && (await this.#openMicrophone());
    const asked = heard ? mode : 'monitor';
    if (asked === 'monitor') this.#client.capture.close();
    else await this.#client.setSource('camera', asked === 'barge');
    try {
      await this.#client.request('call.supervise', { call: this.#call, mode: asked });
      this.#show(asked);
    } catch {
      this.#complain('supervise.refused');
    }
  }

  async #openMicrophone() {
    const state = await this.#client.setSource('microphone', true);
    if (state !== 'live') this.#complain('supervise.no-microphone');
    return state === 'live';
  }

  /** @param {string} mode */
  #show(mode) {
    for (const radio of all('[name=supervise-mode]')) radio.checked = radio.value === mode;
    this.#dialog.dataset.mode = mode;
    say(byId('supervise-explained'), `supervise.${mode}.text`);
    byId('supervise-controls').hidden = !HEARD.includes(mode);
  }

  /** @param {string} key */
  #complain(key) {
    byId('supervise-problem').hidden = false;
    say(byId('supervise-problem'), key);
  }

  /** @param {import('../client/messages.js').CallState} call */
  #update(call) {
    if (call.call !== this.#call) return;
    if (call.state === 'ended') this.#close();
    else this.#parties.update(call.members);
  }

  #close() {
    this.#call = '';
    this.#parties.update([]);
    this.#client.closeMedia();
    if (this.#dialog.open) this.#dialog.close();
  }
}
