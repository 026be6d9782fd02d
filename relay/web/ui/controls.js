import { emit } from '../client/events.js';
import { languageSwitch, say } from '../i18n.js';
import { all, icon, make, setIcon } from './elements.js';

/** @typedef {import('../client/messages.js').Source} Source */

/**
 * The buttons that start and stop our own sources (`[data-source]`), and our own pictures.
 */
export class SourceControls extends EventTarget {
  #client;
  #buttons;

  /** @param {import('../relay.js').RelayClient} client @param {ParentNode} root */
  constructor(client, root) {
    super();
    this.#client = client;
    this.#buttons = new Map(
      all('[data-source]', root).map((button) => [/** @type {Source} */ (button.dataset.source), button]),
    );
    for (const [source, button] of this.#buttons) {
      button.append(icon(button.dataset.icon), make('span'));
      button.addEventListener('click', () => this.toggle(source));
    }
    client.addEventListener('capture', () => this.refresh());
    languageSwitch.addEventListener('change', () => this.refresh());
    this.refresh();
  }

  /** Switch a source; sends `problem` (detail: {source, state}) when it cannot be started. @param {Source} source */
  async toggle(source) {
    const button = this.#buttons.get(source);
    if (!button || button.disabled || button.hidden) return;
    button.disabled = true;
    const wanted = !this.#client.isSending(source);
    const state = await this.#client.setSource(source, wanted);
    button.disabled = false;
    this.refresh();
    if (wanted && state !== 'live' && state !== 'cancelled') {
      emit(this, 'problem', { source, state });
    }
  }

  /** Offer only what this machine has. */
  async offerDevices() {
    const spare = await this.#client.capture.deviceFor('document');
    this.#show('document', spare !== '');
    this.#show('screen', Boolean(navigator.mediaDevices?.getDisplayMedia));
  }

  /** Show what is on. */
  refresh() {
    for (const [source, button] of this.#buttons) {
      const on = this.#client.isSending(source);
      const crossedOut = !on && (source === 'microphone' || source === 'camera');
      button.classList.toggle('is-on', on);
      setIcon(button.querySelector('svg'), crossedOut ? `${button.dataset.icon}-off` : button.dataset.icon);
      say(button.querySelector('span'), on ? button.dataset.on : button.dataset.off);
    }
  }

  /** @param {Source} source @param {boolean} visible */
  #show(source, visible) {
    const button = this.#buttons.get(source);
    if (button) button.hidden = !visible;
  }
}

/** Show our own picture in a player. @param {HTMLVideoElement} player @param {MediaStreamTrack | undefined | null} track */
export function showOwn(player, track) {
  const shown = /** @type {MediaStream | null} */ (player.srcObject)?.getTracks()[0];
  if (shown === track) return;
  player.srcObject = track ? new MediaStream([track]) : null;
}
