import { on } from '../client/events.js';
import { say } from '../i18n.js';
import { Stopwatch } from '../ui/clock.js';
import { SourceControls, showOwn } from '../ui/controls.js';
import { byId, setIcon } from '../ui/elements.js';
import { bitrate, duration, milliseconds, percent } from '../ui/format.js';
import { toast } from '../ui/notice.js';
import { Parties } from '../ui/parties.js';
import { Pointer } from '../ui/pointer.js';
import { showSignal } from '../ui/signal.js';
import { Stage } from '../ui/stage.js';
import { caseOf, showChips, showFacts, showTitle } from './case.js';

/** The conversation at the seat: the citizen's pictures, the case, our own sources, the state of the network. */
export class Talk {
  stage = new Stage(byId('stage'));
  controls;
  talkedS = 0;

  #client;
  #parties;
  #call = '';
  #turns = 0;
  #watch = new Stopwatch((elapsedS) => {
    this.talkedS = elapsedS;
    byId('talk-elapsed').textContent = duration(elapsedS);
  });

  /** @param {import('../relay.js').RelayClient} client */
  constructor(client) {
    this.#client = client;
    this.#parties = new Parties(client, byId('stage'));
    new Pointer(client, byId('stage'), 'pointer.shown');
    this.controls = new SourceControls(client, document);
    on(this.controls, 'problem', ({ source }) => toast(`problem.${source}`));
    for (const [slot, player] of this.stage.players) client.play(slot, player);
    client.play('microphone', byId('voice'));
    on(client, 'remote', (active) => this.stage.show(active));
    on(client, 'capture', () => this.#showOwn());
    on(client, 'quality', (quality) => this.#showNetwork(quality));
    on(client, 'first-frame', () => this.#showFirstFrame());
    on(client, 'media', () => this.#notice());
    byId('hold').addEventListener('click', () => this.toggleHold());
    byId('rotate').addEventListener('click', () => this.rotate());
    byId('hang-up').addEventListener('click', () => this.hangUp());
  }

  /** @param {import('../client/messages.js').CallState} call */
  update(call) {
    const known = caseOf(call, this.#client.welcome?.items ?? []);
    byId('talk-title').textContent = call.party || known.party || '';
    showTitle(byId('case-item'), known);
    showChips(byId('case-chips'), known);
    showFacts(byId('case-facts'), { ...known, party: call.party || known.party });
    if (call.call !== this.#call && call.state !== 'ended') this.#begin(call);
    this.#parties.update(call.members);
    byId('talk-recorded').hidden = !call.recorded;
    if (call.state === 'ended') this.#watch.stop();
    this.#notice();
  }

  async toggleHold() {
    const call = this.#client.call;
    if (!call || call.state === 'ended') return;
    await this.#client
      .request('call.hold', { call: call.call, held: call.state !== 'held' })
      .catch(() => toast('seat.failed'));
  }

  hangUp() {
    this.#client.hangUp('hangup');
  }

  /** Papers often lie the wrong way round under the camera. */
  rotate() {
    this.#turns = (this.#turns + 1) % 4;
    byId('stage').dataset.turns = String(this.#turns);
  }

  /** @param {import('../client/messages.js').CallState} call */
  #begin(call) {
    this.#call = call.call;
    this.#turns = 0;
    byId('stage').dataset.turns = '0';
    byId('net-first-frame').textContent = '–';
    this.#watch.start();
    showSignal(byId('talk-quality'), null);
    this.controls.offerDevices();
    this.#openSources();
    this.#showOwn();
  }

  /** A call never begins muted, nor without a picture. */
  async #openSources() {
    await this.#client.capture.open(['microphone', 'camera']);
    await this.#client.setSource('microphone', true);
  }

  #showOwn() {
    const camera = this.#client.capture.tracks.get('camera');
    showOwn(byId('own').querySelector('video'), camera);
    byId('own').classList.toggle('is-off', !camera);
  }

  /** @param {import('../client/quality.js').Quality} quality */
  #showNetwork(quality) {
    showSignal(byId('talk-quality'), quality);
    byId('net-rtt').textContent = milliseconds(quality.rtt_ms);
    byId('net-loss').textContent = percent(quality.loss, 1);
    byId('net-jitter').textContent = milliseconds(quality.jitter_ms);
    byId('net-received').textContent = bitrate(
      Object.values(quality.slots).reduce((sum, slot) => sum + slot.bitrate_bps, 0),
    );
  }

  #showFirstFrame() {
    const slowest = Math.max(...Object.values(this.#client.firstFrames));
    byId('net-first-frame').textContent = milliseconds(slowest);
  }

  #notice() {
    const call = this.#client.call;
    const box = byId('stage-notice');
    const held = call?.state === 'held';
    const key =
      call?.state === 'ended'
        ? 'seat.talk.ended'
        : this.#client.media.state === 'interrupted'
          ? 'seat.talk.interrupted'
          : held
            ? 'seat.talk.held'
            : '';
    box.hidden = !key;
    if (key) say(box, key);
    byId('hold').classList.toggle('is-active', held);
    say(byId('hold').querySelector('span'), held ? 'control.resume' : 'control.hold');
    setIcon(byId('hold').querySelector('svg'), held ? 'play' : 'pause');
  }
}
