import { on } from '../client/events.js';
import { say, sayName } from '../i18n.js';
import { Stopwatch } from '../ui/clock.js';
import { SourceControls, showOwn } from '../ui/controls.js';
import { byId } from '../ui/elements.js';
import { duration } from '../ui/format.js';
import { toast } from '../ui/notice.js';
import { Parties } from '../ui/parties.js';
import { Pointer } from '../ui/pointer.js';
import { showSignal } from '../ui/signal.js';
import { Stage } from '../ui/stage.js';

/** The conversation: the caseworker large, what they share larger, our own pictures small. */
export class Talk {
  #client;
  #stage = new Stage(byId('stage'));
  #controls;
  #parties;
  #watch = new Stopwatch((elapsedS) => (byId('talk-elapsed').textContent = duration(elapsedS)));
  #call = '';

  /** @param {import('../relay.js').RelayClient} client */
  constructor(client) {
    this.#client = client;
    this.#parties = new Parties(client, byId('stage'));
    new Pointer(client, byId('stage'), 'pointer.shown');
    this.#controls = new SourceControls(client, document);
    on(this.#controls, 'problem', ({ source }) => toast(`problem.${source}`));
    for (const [slot, player] of this.#stage.players) client.play(slot, player);
    client.play('microphone', byId('voice'));
    on(client, 'remote', (active) => this.#stage.show(active));
    on(client, 'capture', () => this.#showOwn());
    on(client, 'quality', (quality) => showSignal(byId('talk-quality'), quality));
    on(client, 'media', () => this.#notice());
  }

  /** @param {import('../client/messages.js').CallState} call @param {import('../client/messages.js').Item | null} item */
  update(call, item) {
    const title = byId('talk-title');
    if (call.party) sayName(title, call.party, call.party);
    else say(title, 'tile.caseworker');
    if (item) sayName(byId('talk-item'), item.name_zh, item.name_en);
    if (this.#call !== call.call) this.#begin(call);
    this.#parties.update(call.members);
    byId('talk-recorded').hidden = !call.recorded;
    this.#notice();
  }

  end() {
    this.#call = '';
    this.#watch.stop();
  }

  /** @param {import('../client/messages.js').CallState} call */
  #begin(call) {
    this.#call = call.call;
    this.#watch.start();
    showSignal(byId('talk-quality'), null);
    this.#controls.offerDevices();
    this.#controls.refresh();
    this.#showOwn();
  }

  #showOwn() {
    const { tracks } = this.#client.capture;
    showOwn(byId('own-camera'), tracks.get('camera'));
    byId('own').classList.toggle('is-off', !tracks.has('camera'));
    for (const source of /** @type {const} */ (['document', 'screen'])) {
      showOwn(byId(`own-${source}`).querySelector('video'), tracks.get(source));
      byId(`own-${source}`).hidden = !tracks.has(source);
    }
  }

  #notice() {
    const box = byId('stage-notice');
    const held = this.#client.call?.state === 'held';
    const interrupted = this.#client.media.state === 'interrupted';
    box.hidden = !held && !interrupted;
    if (interrupted) say(box, 'kiosk.talk.interrupted');
    else if (held) say(box, 'kiosk.talk.held');
  }
}
