import { on } from '../client/events.js';
import { either, languageSwitch, say, t } from '../i18n.js';
import { all, byId, make } from '../ui/elements.js';
import { toast } from '../ui/notice.js';

/** @typedef {import('../client/messages.js').CallState} CallState */
/** @typedef {import('../client/messages.js').Directory} Directory */

const MAX_SHOWN = 60;
/** Roles of colleagues who were asked in. */
const COLLEAGUES = ['consultant', 'member'];
const REFUSALS = {
  'bad-target': 'seat.team.bad-target',
  'unknown-seat': 'seat.team.away',
  'conference-full': 'seat.team.full',
  'no-eligible-seat': 'seat.team.nobody',
};

/**
 * Colleagues: passing the call on, asking somebody in, handing over. The dialog `#team` says what is to be done and
 * whom it is for; the panel `#members` says who is in the call, and what can be done with them.
 */
export class Team {
  #client;
  #dialog = byId('team');
  /** @type {Directory | null} */
  #directory = null;
  /** @type {{code: string} | null} What was chosen: a seat, an item or a region. */
  #chosen = null;
  /** The invitation that nobody has taken yet. */
  #invitation = '';
  /** @type {CallState | null} */
  #call = null;

  /** @param {import('../relay.js').RelayClient} client */
  constructor(client) {
    this.#client = client;
    byId('team-open').addEventListener('click', () => this.open());
    byId('team-close').addEventListener('click', () => this.#dialog.close());
    byId('team-search').addEventListener('input', () => this.#list());
    for (const radio of all('[name=team-kind]')) radio.addEventListener('change', () => this.#list());
    for (const radio of all('[name=team-action]')) radio.addEventListener('change', () => this.#describe());
    byId('team-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
    byId('uninvite').addEventListener('click', () => this.#withdraw());
    byId('merge').addEventListener('click', () => this.#ask('call.merge', {}));
    byId('hand-over').addEventListener('click', () => this.#handOver());
    byId('leave').addEventListener('click', () => this.#ask('call.leave', {}));
    languageSwitch.addEventListener('change', () => {
      this.#list();
      this.update(this.#call);
    });
    on(client, 'seat', ({ state }) => state !== 'in-call' && this.#reset());
  }

  /** Whether this seat answers for the call, so that it may pass it on. */
  get isResponsible() {
    return this.#role() === 'agent';
  }

  async open() {
    if (!this.isResponsible || this.#dialog.open) return;
    byId('team-problem').hidden = true;
    byId('team-search').value = '';
    this.#dialog.showModal();
    this.#describe();
    this.#directory = await this.#client.request('directory.get').catch(() => null);
    this.#list();
  }

  /** @param {CallState | null} call */
  update(call) {
    this.#call = call;
    if (!call) return;
    const others = call.members.filter(({ who, role }) => who !== this.#identity && role !== 'citizen');
    const colleagues = others.filter(({ role }) => COLLEAGUES.includes(role));
    if (colleagues.length > 0) this.#invitation = '';
    byId('members-list').replaceChildren(
      ...call.members.map(({ name, role, who, held }) =>
        make(
          'li',
          { data: { role } },
          make('span', { className: 'member-name', textContent: who === this.#identity ? t('tile.me') : name }),
          make('span', { className: 'chip', words: held ? 'control.hold' : `role.${role}` }),
        ),
      ),
    );
    const responsible = this.isResponsible;
    byId('members').hidden = others.length === 0 && !this.#invitation;
    byId('inviting').hidden = !this.#invitation;
    byId('merge').hidden = !responsible || !colleagues.some(({ role }) => role === 'consultant');
    byId('hand-over').hidden = !responsible || colleagues.length !== 1;
    byId('leave').hidden = responsible || !COLLEAGUES.includes(this.#role());
    byId('team-open').hidden = !responsible;
    byId('hold').hidden = !responsible;
    byId('hang-up').hidden = !responsible;
  }

  get #identity() {
    return this.#client.welcome?.identity ?? '';
  }

  #role() {
    return this.#call?.members.find(({ who, role }) => who === this.#identity && role !== 'citizen')?.role ?? 'agent';
  }

  #value(name) {
    return String(new FormData(byId('team-form')).get(name));
  }

  #describe() {
    const action = this.#value('team-action');
    say(byId('team-explained'), `seat.team.${action}.text`);
    byId('team-reason-field').hidden = action !== 'transfer';
    say(byId('team-go'), `seat.team.${action}.go`);
  }

  /** The choices of the kind that is asked for, narrowed by what is typed. */
  #list() {
    const kind = this.#value('team-kind');
    const typed = byId('team-search').value.trim().toLowerCase();
    const choices = this.#choices(kind).filter(({ words }) => words.toLowerCase().includes(typed));
    this.#choose(null);
    byId('team-none').hidden = choices.length > 0 || !this.#directory;
    byId('team-list').replaceChildren(
      ...choices.slice(0, MAX_SHOWN).map((choice) => {
        const radio = make('input', { type: 'radio', name: 'team-target', value: choice.code });
        radio.disabled = choice.disabled;
        radio.addEventListener('change', () => this.#choose(choice));
        return make(
          'label',
          { className: 'option' },
          radio,
          make('span', { className: 'option-name', textContent: choice.title }),
          make('span', { className: 'option-note', textContent: choice.note }),
        );
      }),
    );
  }

  /** @param {string} kind */
  #choices(kind) {
    const { seats = [], items = [], regions = [] } = this.#directory ?? {};
    const region = (code) => regions.find((each) => each.code === code);
    const place = (code) => (region(code) ? either(region(code).name_zh, region(code).name_en) : code);
    const rows = {
      seat: () =>
        seats
          .filter(({ seat }) => seat !== this.#identity)
          .sort((one, other) => Number(other.state === 'ready') - Number(one.state === 'ready'))
          .map(({ seat, name, region: code, state }) => ({
            code: seat,
            title: name,
            note: `${place(code)} · ${t(`seat.state.${state}`)}`,
            disabled: state === 'offline',
          })),
      item: () =>
        items.map(({ code, name_zh: zh, name_en: en, group_zh: groupZh, group_en: groupEn }) => ({
          code,
          title: either(zh, en),
          note: either(groupZh, groupEn),
          disabled: false,
        })),
      region: () =>
        regions.map(({ code, name_zh: zh, name_en: en }) => ({
          code,
          title: either(zh, en),
          note: code,
          disabled: false,
        })),
    };
    return rows[kind]().map((row) => ({ ...row, words: `${row.title} ${row.note} ${row.code}` }));
  }

  #choose(choice) {
    this.#chosen = choice;
    byId('team-go').disabled = choice === null;
  }

  async #send() {
    if (!this.#chosen || !this.#call) return;
    const action = this.#value('team-action');
    const target = { [this.#value('team-kind')]: this.#chosen.code };
    const { call } = this.#call;
    byId('team-go').disabled = true;
    try {
      if (action === 'transfer') {
        await this.#client.request('call.transfer', { call, target, reason: byId('team-reason').value });
        toast('seat.team.transferred');
      } else {
        const { invitation } = await this.#client.request('call.invite', { call, target, purpose: action });
        this.#invitation = invitation;
        say(byId('inviting-words'), 'seat.team.inviting', { name: this.#chosen.title });
        this.update(this.#call);
      }
      this.#dialog.close();
    } catch (failure) {
      byId('team-problem').hidden = false;
      say(byId('team-problem'), REFUSALS[failure.problem] ?? 'seat.failed');
      byId('team-go').disabled = false;
    }
  }

  async #withdraw() {
    const call = this.#invitation;
    this.#invitation = '';
    this.update(this.#call);
    await this.#client.request('call.hangup', { call, reason: 'withdrawn' }).catch(() => undefined);
  }

  async #handOver() {
    const colleague = this.#call?.members.find(({ role }) => COLLEAGUES.includes(role));
    if (colleague) await this.#ask('call.hand-over', { to: colleague.who });
  }

  /** @param {string} type @param {Record<string, unknown>} fields */
  async #ask(type, fields) {
    await this.#client.request(type, { call: this.#call?.call, ...fields }).catch(() => toast('seat.failed'));
  }

  #reset() {
    this.#invitation = '';
    this.#call = null;
    byId('members').hidden = true;
    if (this.#dialog.open) this.#dialog.close();
  }
}
