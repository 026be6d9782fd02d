import { on } from './client/events.js';
import { bindLanguage, either, languageSwitch, say, t } from './i18n.js';
import { RelayClient, tokenOf } from './relay.js';
import { runClock } from './ui/clock.js';
import { byId, icon, make } from './ui/elements.js';
import { bitrate, duration, milliseconds, percent } from './ui/format.js';
import { banner } from './ui/notice.js';
import { Pages, roomFor } from './wallboard/pages.js';
import { ofCall, ofServiceLevel, ofWait } from './wallboard/severity.js';
import { Sparkline } from './wallboard/sparkline.js';
import { Supervision } from './wallboard/supervise.js';

/** @typedef {import('./client/messages.js').Wallboard} Wallboard */

/** Of a row of any list, as in the style sheet. */
const ROW_REM = 2.45;
const SEAT_COLUMNS = 2;
/** In the order in which a supervisor looks for them. */
const STATES = ['ready', 'offered', 'in-call', 'wrap-up', 'break', 'offline'];
const GRAVITY = { bad: 0, busy: 1, calm: 2, none: 3 };
const STALE_MS = 5000;
const SUPERVISED = ['connected', 'held'];

const queues = new Pages('queues', queueRow, () => roomFor(byId('queues'), ROW_REM));
const seats = new Pages('seats', seatEntry, () => roomFor(byId('seats'), ROW_REM) * SEAT_COLUMNS);
const calls = new Pages('calls', callRow, () => roomFor(byId('calls'), ROW_REM));
const spark = new Sparkline(byId('spark'));
/** @type {Wallboard | null} */
let board = null;
/** @type {Supervision | null} */
let supervision = null;
let staleTimer = 0;
/** @type {Record<string, import('./client/messages.js').Item>} */
let items = {};

const cell = (textContent, className = '') => make('td', { textContent, className });
const seconds = (value) => duration(value);

/** @param {import('./client/messages.js').QueueRow} row */
function queueRow(row) {
  const target = board?.service_level_target_s ?? 15;
  const wait = row.waiting ? ofWait(row.oldest_wait_s, target) : 'calm';
  return make(
    'tr',
    { data: { severity: wait } },
    make('th', { scope: 'row', textContent: either(row.name_zh, row.name_en) }),
    cell(row.waiting, 'strong'),
    cell(row.waiting ? seconds(row.oldest_wait_s) : '–', `is-${wait}`),
    cell(row.expected_wait_s === null ? '–' : t('wallboard.minutes', { n: Math.ceil(row.expected_wait_s / 60) })),
    cell(row.seats_ready, row.waiting && !row.seats_ready ? 'is-bad' : ''),
    cell(row.in_call),
    cell(percent(row.service_level), `is-${ofServiceLevel(row.service_level)}`),
  );
}

/** @param {import('./client/messages.js').SeatRow} row */
function seatEntry(row) {
  return make(
    'li',
    { data: { state: row.state } },
    make('span', { className: 'seat-dot', ariaHidden: 'true' }),
    make('span', { className: 'seat-name', textContent: row.name }),
    make('span', { className: 'seat-state', textContent: t(`seat.state.${row.state}`) }),
    make('span', { className: 'seat-since', textContent: seconds(row.since_s) }),
  );
}

/** @param {import('./client/messages.js').CallRow} row */
function callRow(row) {
  const severity = ofCall(row);
  const item = items[row.item];
  const grade = make(
    'td',
    { className: `grade is-${severity}` },
    make('span', { className: 'seat-dot', ariaHidden: 'true' }),
  );
  grade.append(t(row.state === 'held' ? 'wallboard.held' : `wallboard.quality.${severity}`));
  return make(
    'tr',
    {},
    grade,
    make('th', { scope: 'row', textContent: item ? either(item.name_zh, item.name_en) : row.item }),
    cell(row.kiosk),
    cell(board?.seat_rows.find(({ seat }) => seat === row.seat)?.name ?? row.seat),
    cell(seconds(row.elapsed_s)),
    cell(milliseconds(row.rtt_ms)),
    cell(milliseconds(row.jitter_ms)),
    cell(percent(row.loss, 1)),
    cell(bitrate(row.bitrate_bps)),
    make('td', {}, superviseButton(row, item ? either(item.name_zh, item.name_en) : row.item)),
  );
}

/** @param {import('./client/messages.js').CallRow} row @param {string} title */
function superviseButton(row, title) {
  const button = make('button', { className: 'supervise-open', type: 'button', title: t('supervise.open') }, icon('seat'));
  button.setAttribute('aria-label', `${t('supervise.open')}: ${title}`);
  button.disabled = !SUPERVISED.includes(row.state);
  button.addEventListener('click', () => supervision?.open(row.call, `${title} · ${row.kiosk}`));
  return button;
}

/** @param {Wallboard} next */
function show(next) {
  board = next;
  const target = next.service_level_target_s;
  showFigures(next);
  const byNeed = [...next.queues].sort(
    (one, other) => other.oldest_wait_s - one.oldest_wait_s || other.waiting - one.waiting,
  );
  queues.show(byNeed);
  byId('queues-empty').hidden = next.queues.length > 0;
  calls.show(
    [...next.calls].sort(
      (one, other) => GRAVITY[ofCall(one)] - GRAVITY[ofCall(other)] || other.elapsed_s - one.elapsed_s,
    ),
  );
  byId('calls-empty').hidden = next.calls.length > 0;
  showSeats(next);
  byId('figure-longest').dataset.severity = ofWait(next.longest_wait_s, target);
  byId('figure-level').dataset.severity = ofServiceLevel(next.service_level);
}

/** @param {Wallboard} next */
function showFigures(next) {
  const ended = next.answered_today + next.abandoned_today;
  const figures = {
    waiting: `${next.waiting}`,
    longest: seconds(next.longest_wait_s),
    level: next.service_level === null ? '–' : (next.service_level * 100).toFixed(0),
    'in-call': `${next.in_call}`,
    answered: `${next.answered_today}`,
    abandoned: `${next.abandoned_today}`,
    'abandoned-share': ended ? percent(next.abandoned_today / ended, 1) : '',
    residence: next.residence_p99_ms === null ? '–' : next.residence_p99_ms.toFixed(next.residence_p99_ms < 10 ? 1 : 0),
  };
  for (const [id, text] of Object.entries(figures)) byId(id).textContent = text;
  say(byId('level-title'), 'wallboard.level', { n: next.service_level_target_s });
}

/** @param {Wallboard} next */
function showSeats(next) {
  const present = STATES.filter((state) => next.seats[state]);
  const share = (state) => {
    const part = make('span', { data: { state } });
    part.style.flexGrow = `${next.seats[state]}`;
    return part;
  };
  byId('shares').replaceChildren(...present.map(share));
  byId('legend').replaceChildren(
    ...STATES.map((state) =>
      make(
        'li',
        { data: { state } },
        make('span', { className: 'seat-dot', ariaHidden: 'true' }),
        t(`seat.state.${state}`),
        make('strong', { textContent: `${next.seats[state] ?? 0}` }),
      ),
    ),
  );
  const order = (row) => STATES.indexOf(row.state);
  seats.show(
    next.seat_rows
      .filter(({ state }) => state !== 'offline')
      .sort((one, other) => order(one) - order(other) || other.since_s - one.since_s),
  );
}

/** @param {boolean} live */
function setLive(live) {
  byId('live').dataset.live = String(live);
  say(byId('live-words'), live ? 'wallboard.live' : 'wallboard.stale');
}

/** @param {RelayClient} client */
function watch(client) {
  on(client, 'welcome', (welcome) => {
    byId('place').textContent = welcome.name;
    items = Object.fromEntries(welcome.items.map((item) => [item.code, item]));
    banner();
    client
      .request('wallboard.watch')
      .catch((failure) => banner(failure.status === 403 ? 'wallboard.forbidden' : 'banner.reconnecting'));
  });
  on(client, 'link', (state) => {
    if (state === 'refused') banner('wallboard.refused');
    else if (state !== 'online') setLive(false);
  });
  on(client, 'wallboard', (next) => {
    clearTimeout(staleTimer);
    staleTimer = window.setTimeout(() => setLive(false), STALE_MS);
    setLive(true);
    spark.add(next.waiting, next.at_ms);
    show(next);
  });
}

function start() {
  document.body.dataset.at = 'board';
  bindLanguage(byId('language'));
  const entitle = () => (document.title = t('brand.wallboard'));
  entitle();
  say(byId('level-title'), 'wallboard.level', { n: 15 });
  languageSwitch.addEventListener('change', () => {
    entitle();
    if (board) show(board);
  });
  runClock(byId('clock'), byId('date'));
  const token = tokenOf('wallboard');
  if (!token) {
    banner('wallboard.no-token');
    return;
  }
  const client = new RelayClient({ token, media: false });
  Object.assign(window, { relay: client });
  supervision = new Supervision(client);
  watch(client);
  client.start();
}

start();
