import { on } from '../client/events.js';
import { languageSwitch, say, sayName } from '../i18n.js';
import { Stopwatch } from '../ui/clock.js';
import { showOwn } from '../ui/controls.js';
import { all, byId, make } from '../ui/elements.js';
import { duration } from '../ui/format.js';
import { LevelMeter } from '../ui/level.js';
import { toast } from '../ui/notice.js';

/** A seat that was ready and lost its line is made ready again by itself, if it was not away longer than this. */
const RESTORE_WITHIN_MS = 120_000;
const HAS_PRESENCE = ['ready', 'break', 'offline'];

/** The desk between calls: presence, devices, skills, and what was done so far. */
export class Desk {
  #client;
  #level = new LevelMeter(byId('level'));
  #since = new Stopwatch((elapsedS) => (byId('state-time').textContent = duration(elapsedS)));
  #state = '';
  /** What the caseworker asked for last. */
  #wanted = 'offline';
  #lastOnline = 0;
  #talkS = /** @type {number[]} */ ([]);
  #missed = 0;

  /** @param {import('../relay.js').RelayClient} client */
  constructor(client) {
    this.#client = client;
    for (const radio of all('[name=presence]')) radio.addEventListener('change', () => this.setPresence(radio.value));
    byId('go-ready').addEventListener('click', () => this.setPresence('ready'));
    on(client, 'capture', () => this.#mirror());
    on(client, 'link', (state) => state !== 'online' && this.#noteOnline());
    for (const select of all('[data-device]')) {
      select.addEventListener('change', () => client.capture.choose(select.dataset.device, select.value));
    }
    navigator.mediaDevices?.addEventListener('devicechange', () => this.listDevices());
    languageSwitch.addEventListener('change', () => this.listDevices());
    this.listDevices();
  }

  /** Ready becomes break; anything else becomes ready. */
  togglePresence() {
    this.setPresence(this.#state === 'ready' ? 'break' : 'ready');
  }

  /** @param {string} presence `ready`, `break` or `offline` */
  async setPresence(presence) {
    this.#wanted = presence;
    if (presence === 'ready' && !(await this.#prepare())) {
      this.#wanted = this.#state;
      this.#check(this.#state);
      return;
    }
    if (presence !== 'ready') this.#client.capture.close();
    try {
      await this.#client.request('seat.presence', { state: presence });
    } catch (failure) {
      this.#check(this.#state);
      toast(failure.problem === 'offline' ? 'seat.presence.offline-now' : 'seat.presence.refused');
    }
  }

  /** @param {import('../client/messages.js').SeatState} seat */
  update({ state, reason }) {
    if (state !== this.#state) this.#since.start();
    this.#state = state;
    document.body.dataset.seat = state;
    say(byId('state-name'), `seat.state.${state}`);
    byId('presence').hidden = !HAS_PRESENCE.includes(state);
    if (!HAS_PRESENCE.includes(state)) return;
    this.#check(state);
    say(byId('desk-title'), `seat.desk.${state}`);
    say(byId('desk-text'), reason === 'unanswered' ? 'seat.desk.unanswered' : `seat.desk.${state}.text`);
    byId('go-ready').hidden = state === 'ready';
    if (state === 'offline') this.#restore();
    else if (state === 'break') this.#wanted = 'break';
  }

  /** @param {import('../client/messages.js').Item[]} items what this seat serves */
  showSkills(items) {
    const groups = new Map(items.map((item) => [item.group_zh || item.name_zh, item]));
    byId('skills').replaceChildren(
      ...[...groups.values()].map((item) => {
        const entry = make('li', { className: 'chip' });
        sayName(entry, item.group_zh || item.name_zh, item.group_en || item.name_en);
        entry.title = items
          .filter((other) => other.group_zh === item.group_zh)
          .map(({ name_zh: zh }) => zh)
          .join('、');
        return entry;
      }),
    );
  }

  /** @param {number} talkedS */
  countAnswered(talkedS) {
    this.#talkS.push(talkedS);
    byId('tally-answered').textContent = `${this.#talkS.length}`;
    byId('tally-average').textContent = duration(this.#talkS.reduce((sum, each) => sum + each, 0) / this.#talkS.length);
  }

  countMissed() {
    byId('tally-missed').textContent = `${++this.#missed}`;
  }

  /** Fill the device lists; names are known once permission was given. */
  async listDevices() {
    const { microphones, cameras } = await this.#client.capture.devices();
    for (const select of all('[data-device]')) {
      const source = select.dataset.device;
      const chosen = await this.#client.capture.deviceFor(source);
      const devices = source === 'microphone' ? microphones : cameras;
      const automatic = make('option', {
        value: '',
        words: source === 'document' ? 'seat.devices.none' : 'seat.devices.automatic',
      });
      const options = devices.map(({ deviceId, label }, index) =>
        make('option', { value: deviceId, textContent: label || `${index + 1}` }),
      );
      select.replaceChildren(automatic, ...options);
      select.value = chosen;
    }
  }

  /** Nobody can be served without a voice; a missing picture is only told. */
  async #prepare() {
    const problem = byId('desk-problem');
    const { microphone, camera } = await this.#client.capture.open(['microphone', 'camera']);
    problem.hidden = microphone === 'live' && camera === 'live';
    if (!problem.hidden) say(problem, `devices.${microphone === 'live' ? camera : microphone}`);
    this.listDevices();
    return microphone === 'live';
  }

  #noteOnline() {
    if (this.#state === 'ready' || this.#state === 'offered') this.#lastOnline = performance.now();
  }

  #restore() {
    const recently = this.#lastOnline > 0 && performance.now() - this.#lastOnline < RESTORE_WITHIN_MS;
    this.#lastOnline = 0;
    if (this.#wanted === 'ready' && recently) this.setPresence('ready');
  }

  /** @param {string} state */
  #check(state) {
    for (const radio of all('[name=presence]')) radio.checked = radio.value === state;
  }

  #mirror() {
    const { tracks } = this.#client.capture;
    showOwn(byId('preview'), tracks.get('camera'));
    byId('preview-off').hidden = tracks.has('camera');
    this.#level.follow(tracks.get('microphone') ?? null);
  }
}
