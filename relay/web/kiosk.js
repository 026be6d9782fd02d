import { on } from './client/events.js';
import { bindLanguage, language, preferred, say, sayName, setLanguage, t } from './i18n.js';
import { Callback } from './kiosk/callback.js';
import { Choice } from './kiosk/choose.js';
import { Talk } from './kiosk/talk.js';
import { Waiting } from './kiosk/waiting.js';
import { RelayClient, tokenOf } from './relay.js';
import { stayAwake } from './ui/awake.js';
import { Countdown, runClock } from './ui/clock.js';
import { byId, setIcon } from './ui/elements.js';
import { ask, banner, toast, withdrawQuestion } from './ui/notice.js';
import { Views } from './ui/views.js';

const FIRST_CONNECT_PATIENCE_MS = 12_000;
/** A visitor who walked away leaves nothing behind for the next one. */
const IDLE_RESET_MS = 90_000;
const RETURN_MS = 20_000;
const CHOOSING = ['groups', 'items', 'confirm', 'devices'];
/** Why a conversation ends as it should, and why waiting ends because the visitor wanted it. */
const REGULAR_ENDS = ['hangup', 'ended', 'completed'];
const OWN_WISH = ['hangup', 'abandoned'];
const HANG_UP = {
  title: 'kiosk.ask.hang-up',
  text: 'kiosk.ask.hang-up.text',
  yes: 'kiosk.ask.hang-up.yes',
  no: 'kiosk.ask.hang-up.no',
};
const CALL_BACK = {
  title: 'kiosk.ask.callback',
  text: 'kiosk.ask.callback.text',
  yes: 'kiosk.ask.callback.yes',
  no: 'kiosk.ask.callback.no',
};
const CANCEL = {
  title: 'kiosk.ask.cancel',
  text: 'kiosk.ask.cancel.text',
  yes: 'kiosk.ask.cancel.yes',
  no: 'kiosk.ask.cancel.no',
};

const token = tokenOf('kiosk');
const client = new RelayClient({ token, codec: new URLSearchParams(location.search).get('codec') ?? '' });
const views = new Views();
const choice = new Choice(views);
const waiting = new Waiting();
const callback = new Callback(client);
const talk = new Talk(client);
const homeward = new Countdown(
  (leftMs) => say(byId('done'), 'kiosk.ended.home', { n: Math.ceil(leftMs / 1000) }),
  goHome,
);
/** @type {import('./kiosk/choose.js').Wish | null} */
let wish = null;
/** A call that this booth lost: asked for again, it takes its place up where it was. */
let lostCall = '';
let idleTimer = 0;

function goHome() {
  homeward.stop();
  wish = null;
  lostCall = '';
  toggleLargeText(false);
  setLanguage(preferred(), { remember: false });
  choice.reset();
}

/** @param {boolean} on */
function toggleLargeText(on) {
  document.documentElement.classList.toggle('large-text', on);
  byId('large-text').setAttribute('aria-pressed', String(on));
}

function restartIdleTimer() {
  clearTimeout(idleTimer);
  idleTimer = window.setTimeout(() => CHOOSING.includes(views.current) && goHome(), IDLE_RESET_MS);
}

/** @param {string} key why */
function unavailable(key) {
  say(byId('unavailable-reason'), key);
  banner();
  views.show('unavailable');
}

/** Devices are open from the request to the end of the call, and at no other time. */
async function prepareDevices() {
  const state = await client.capture.open(['microphone', 'camera']);
  if (state.microphone === 'live' && state.camera === 'live') return true;
  const problem = state.microphone === 'live' ? state.camera : state.microphone;
  say(byId('devices-title'), state.microphone === 'live' ? 'devices.no-camera' : 'devices.no-microphone');
  say(byId('devices-advice'), `devices.${problem}`);
  say(byId('devices-without'), state.microphone === 'live' ? 'devices.sound-only' : 'devices.go-on');
  views.show('devices');
  return false;
}

async function placeCall() {
  if (!wish) return;
  waiting.begin();
  views.show('waiting');
  waiting.mirror(client.capture.tracks);
  await client.requestCall({ ...wish, language: language(), ...(lostCall && { resume: lostCall }) }).catch(showRefusal);
}

/** @param {{status: number}} failure */
function showRefusal({ status }) {
  endCapture();
  choice.complain(status === 429 || status === 503 ? 'kiosk.refused.busy' : 'kiosk.refused');
  views.show('confirm');
}

/** Ask for the devices, then for a caseworker; the visitor may have left meanwhile. */
async function callFor(next) {
  wish = next;
  byId('call').disabled = true;
  const ready = await prepareDevices();
  byId('call').disabled = client.signalling.state !== 'online';
  if (wish !== next) client.capture.close();
  else if (ready) await placeCall();
}

function endCapture() {
  waiting.end();
  talk.end();
  client.capture.close();
}

/** @param {import('./client/messages.js').CallState} call */
function showCall(call) {
  const waits = callback.update(call);
  if (call.call !== client.call?.call) return;
  if (waits) return showCallback();
  const item = choice.item ?? client.welcome?.items.find(({ code }) => code === call.item) ?? null;
  if (call.state === 'ended') showEnded(call);
  else if (call.state === 'queued' || call.state === 'offered') {
    if (views.current === 'talk') backToQueue();
    waiting.update(call);
    if (views.current !== 'waiting') resumeCapture();
    views.show('waiting');
  } else {
    if (views.current !== 'talk') resumeCapture();
    waiting.end();
    talk.update(call, item);
    withdrawCancel();
    views.show('talk');
  }
  if (item) sayName(byId('waiting-item'), item.name_zh, item.name_en);
}

/** The place is kept: the booth is free for whoever comes meanwhile. */
function showCallback() {
  if (views.current !== 'waiting' && views.current !== 'talk') return;
  endCapture();
  withdrawQuestion();
  goHome();
}

/** The seat was lost; the call waits in its place for another. */
function backToQueue() {
  talk.end();
  withdrawQuestion();
  toast('kiosk.waiting.requeued');
}

/** The question whether to give up waiting is out of date once the caseworker is there. */
function withdrawCancel() {
  if (views.current === 'waiting') withdrawQuestion();
}

/** After a reload of the page the call goes on: so must the picture. */
async function resumeCapture() {
  await client.capture.open(['microphone', 'camera']);
  if (views.current === 'waiting') waiting.mirror(client.capture.tracks);
}

/** @param {import('./client/messages.js').CallState} call */
function showEnded(call) {
  const wasTalking = views.current === 'talk';
  endCapture();
  withdrawQuestion();
  lostCall = call.reason === 'kiosk-lost' ? call.call : '';
  if (!wasTalking && OWN_WISH.includes(call.reason)) return goHome();
  const outcome = !wasTalking ? 'unserved' : REGULAR_ENDS.includes(call.reason) ? 'thanks' : 'trouble';
  const trouble = outcome !== 'thanks';
  byId('ended-icon').classList.toggle('good', !trouble);
  setIcon(byId('ended-icon'), trouble ? 'warning' : 'check');
  say(byId('ended-title'), `kiosk.ended.${outcome}`);
  say(byId('ended-reason'), `kiosk.ended.${outcome}.text`);
  say(byId('again'), trouble ? 'kiosk.ended.call-again' : 'kiosk.ended.again');
  byId('again').dataset.trouble = String(trouble);
  views.show('ended');
  homeward.start(RETURN_MS);
}

function showLink() {
  const { state, refusal } = client.signalling;
  if (state === 'refused') unavailable(`unavailable.${refusal === 'replaced' ? 'replaced' : 'unauthorised'}`);
  else if (state === 'online') {
    banner();
    if (views.current === 'starting' || views.current === 'unavailable') goHome();
  } else if (client.welcome)
    banner(CHOOSING.includes(views.current) ? 'banner.reconnecting' : 'banner.reconnecting-call');
  byId('call').disabled = state !== 'online';
}

function wire() {
  client.addEventListener('link', showLink);
  on(client, 'welcome', (welcome) => {
    byId('place').textContent = welcome.name;
    choice.offer(welcome.items);
  });
  on(client, 'call', showCall);
  client.addEventListener('capture', () => views.current === 'waiting' && waiting.mirror(client.capture.tracks));
  on(client, 'request-refused', showRefusal);
  on(choice, 'wish', callFor);
  on(views, 'show', (view) => {
    if (['groups', 'items', 'confirm'].includes(view)) endCapture();
    stayAwake(view === 'waiting' || view === 'talk');
  });
  byId('devices-retry').addEventListener('click', () => callFor(wish));
  byId('devices-without').addEventListener('click', placeCall);
  byId('cancel').addEventListener('click', async () => {
    if (await ask(CANCEL)) leave();
  });
  byId('callback').addEventListener('click', async () => {
    const call = client.call?.call ?? '';
    if (await ask(CALL_BACK)) await callback.request(call);
  });
  on(callback, 'ring', () => {
    withdrawQuestion();
    views.show('callback');
  });
  on(callback, 'over', () => views.current === 'callback' && goHome());
  byId('hang-up').addEventListener('click', async () => {
    if (await ask(HANG_UP)) leave();
  });
  byId('again').addEventListener('click', async () => {
    homeward.stop();
    if (byId('again').dataset.trouble !== 'true' || !wish) return choice.reset();
    await callFor(wish);
  });
  byId('done').addEventListener('click', goHome);
  byId('unavailable-retry').addEventListener('click', () => location.reload());
  byId('large-text').addEventListener('click', () =>
    toggleLargeText(byId('large-text').getAttribute('aria-pressed') !== 'true'),
  );
  for (const type of ['pointerdown', 'keydown']) document.addEventListener(type, restartIdleTimer);
}

async function leave() {
  const talking = views.current === 'talk';
  await client.hangUp(talking ? 'hangup' : 'abandoned');
  if (!talking && views.current === 'waiting') goHome();
}

function start() {
  bindLanguage(byId('language'), { remember: false });
  document.title = t('kiosk.document-title');
  runClock(byId('clock'), byId('date'));
  views.show('starting', { focus: false });
  wire();
  restartIdleTimer();
  Object.assign(window, { relay: client });
  if (!token) return unavailable('unavailable.no-token');
  window.setTimeout(
    () => views.current === 'starting' && unavailable('unavailable.offline'),
    FIRST_CONNECT_PATIENCE_MS,
  );
  client.start();
}

start();
