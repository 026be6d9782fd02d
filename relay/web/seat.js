import { on } from './client/events.js';
import { bindLanguage, languageSwitch, say, t } from './i18n.js';
import { RelayClient, rememberToken, tokenOf } from './relay.js';
import { Desk } from './seat/desk.js';
import { OfferCard } from './seat/offer.js';
import { bindShortcuts } from './seat/shortcuts.js';
import { Talk } from './seat/talk.js';
import { Team } from './seat/team.js';
import { WrapUp } from './seat/wrapup.js';
import { runClock } from './ui/clock.js';
import { byId } from './ui/elements.js';
import { banner } from './ui/notice.js';
import { Views } from './ui/views.js';

const VIEW_OF = { 'in-call': 'talk', 'wrap-up': 'wrapup' };
const views = new Views();

/** One token is worked with; another one takes a fresh page. */
let working = false;

function signIn() {
  views.show('signin');
  byId('token').focus();
}

/** @param {string} token */
function take(token) {
  rememberToken('seat', token);
  if (working) location.reload();
  else work(token);
}

/** @param {string} refusal */
function refused(refusal) {
  banner();
  if (refusal === 'replaced') {
    say(byId('unavailable-reason'), 'seat.unavailable.replaced');
    views.show('unavailable');
    return;
  }
  rememberToken('seat', '');
  byId('signin-problem').hidden = false;
  say(byId('signin-problem'), 'seat.signin.refused');
  signIn();
}

/** @param {string} token */
function work(token) {
  working = true;
  views.show('starting', { focus: false });
  const client = new RelayClient({ token, codec: new URLSearchParams(location.search).get('codec') ?? '' });
  const desk = new Desk(client);
  const offer = new OfferCard(client);
  const talk = new Talk(client);
  const wrapUp = new WrapUp(client);
  const team = new Team(client);
  let before = '';

  on(client, 'link', (state) => {
    if (state === 'refused') refused(client.signalling.refusal);
    else if (state === 'online') banner();
    else if (client.welcome) banner('seat.reconnecting');
  });
  on(client, 'welcome', (welcome) => {
    byId('place').textContent = welcome.name;
    desk.showSkills(welcome.items);
    wrapUp.offer(welcome.dispositions);
  });
  on(client, 'call', (call) => {
    talk.update(call);
    team.update(call);
    wrapUp.resumeNotes(call.call);
  });
  on(client, 'seat', (seat) => {
    desk.update(seat);
    if (seat.state === 'wrap-up') wrapUp.begin(seat);
    if (before === 'wrap-up' && seat.state !== 'wrap-up') wrapUp.end();
    if (before === 'in-call' && seat.state !== 'in-call') desk.countAnswered(talk.talkedS);
    before = seat.state;
    views.show(VIEW_OF[seat.state] ?? 'desk');
  });
  on(offer, 'missed', () => desk.countMissed());

  const talking = () => views.current === 'talk';
  bindShortcuts([
    { key: 'A', words: 'seat.offer.accept', run: () => offer.accept(), when: () => offer.isOpen },
    { key: 'D', words: 'seat.offer.decline', run: () => offer.decline(), when: () => offer.isOpen },
    {
      key: 'P',
      words: 'seat.shortcuts.presence',
      run: () => desk.togglePresence(),
      when: () => views.current === 'desk' && !offer.isOpen,
    },
    { key: 'M', words: 'seat.shortcuts.microphone', run: () => talk.controls.toggle('microphone'), when: talking },
    { key: 'V', words: 'seat.shortcuts.camera', run: () => talk.controls.toggle('camera'), when: talking },
    { key: 'C', words: 'seat.shortcuts.document', run: () => talk.controls.toggle('document'), when: talking },
    { key: 'S', words: 'control.share', run: () => talk.controls.toggle('screen'), when: talking },
    { key: 'H', words: 'seat.shortcuts.hold', run: () => talk.toggleHold(), when: talking },
    { key: 'T', words: 'control.team', run: () => team.open(), when: talking },
    { key: 'R', words: 'control.rotate', run: () => talk.rotate(), when: talking },
    { key: '1', words: 'tile.citizen', run: () => talk.stage.pick('camera'), when: talking },
    { key: '2', words: 'tile.document', run: () => talk.stage.pick('document'), when: talking },
    { key: '3', words: 'tile.their-screen', run: () => talk.stage.pick('screen'), when: talking },
    { key: 'Shift+E', words: 'seat.shortcuts.end', run: () => talk.hangUp(), when: talking },
    { key: 'F', words: 'seat.wrapup.finish', run: () => wrapUp.finish(), when: () => views.current === 'wrapup' },
    { key: '?', words: 'seat.shortcuts.title', run: () => byId('shortcuts').showModal() },
  ]);
  Object.assign(window, { relay: client });
  client.start();
}

function start() {
  bindLanguage(byId('language'));
  const entitle = () => (document.title = t('seat.document-title'));
  languageSwitch.addEventListener('change', entitle);
  entitle();
  runClock(byId('clock'));
  byId('unavailable-retry').addEventListener('click', () => location.reload());
  byId('signin').addEventListener('submit', (event) => {
    event.preventDefault();
    take(byId('token').value.trim());
  });
  const token = tokenOf('seat');
  if (token) work(token);
  else signIn();
}

start();
