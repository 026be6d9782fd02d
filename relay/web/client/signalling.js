import { emit } from './events.js';
import { parse } from './messages.js';

/** @typedef {'closed' | 'connecting' | 'online' | 'waiting' | 'refused'} LinkState */

const BACK_OFF_MS = [300, 700, 1500, 3000, 6000, 10000];
const CONNECT_TIMEOUT_MS = 8000;
const REPLY_TIMEOUT_MS = 10000;
/** Close codes after which coming back would be wrong (`CloseCode` in `relay/server/messages`). */
const FINAL_CLOSE_CODES = { 1008: 'misuse', 4401: 'unauthorised', 4409: 'replaced' };
const FINAL_STATUS = [401, 403];

/** A request that was not carried out: the fields of RFC 9457. `problem` is `offline` when the server was not reached. */
export class Failure extends Error {
  /** @param {{problem: string, title?: string, status?: number, detail?: string, hint?: string, retry_after_s?: number}} fields */
  constructor({ problem, title = problem, status = 0, detail = '', hint = '', retry_after_s = 0 }) {
    super(detail || title);
    Object.assign(this, { problem, title, status, detail, hint });
    this.problem = problem;
    this.status = status;
    /** When to ask again, if the relay said so. */
    this.retryAfterMs = retry_after_s * 1000;
  }
}

/**
 * One WebSocket to the relay that comes back by itself: hello, request and reply by `id`, heartbeat, back-off.
 *
 * Events: `state` (detail: {@link LinkState}), `welcome`, and every message of the server by its type.
 */
export class Signalling extends EventTarget {
  /** @type {LinkState} */
  state = 'closed';
  /** Why the server does not want us, when `state` is `refused`. */
  refusal = '';

  #url;
  #token;
  #session;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {Map<number, {resolve: (m: any) => void, reject: (e: Failure) => void, timer: number}>} */
  #pending = new Map();
  #lastId = 0;
  #attempt = 0;
  #retryTimer = 0;
  #heartbeatTimer = 0;

  /**
   * @param {string | URL} url of the WebSocket
   * @param {string} token JWT that says who speaks
   * @param {() => string} session whose media still lives here, `''` for none
   */
  constructor(url, token, session) {
    super();
    this.#url = url;
    this.#token = token;
    this.#session = session;
  }

  /** Connect, and stay connected until `stop`. */
  start() {
    window.addEventListener('online', this.#retryNow);
    this.#connect();
  }

  /** Leave for good. */
  stop() {
    window.removeEventListener('online', this.#retryNow);
    this.#drop('closed');
  }

  /**
   * Send a request; resolves with the reply, rejects with a {@link Failure}.
   * @param {string} type @param {Record<string, unknown>} [fields] @param {number} [timeoutMs]
   * @returns {Promise<any>}
   */
  request(type, fields = {}, timeoutMs = REPLY_TIMEOUT_MS) {
    const socket = this.#socket;
    if (!socket || socket.readyState !== WebSocket.OPEN) return Promise.reject(new Failure({ problem: 'offline' }));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = window.setTimeout(() => this.#settle(id, new Failure({ problem: 'timeout' })), timeoutMs);
      this.#pending.set(id, { resolve, reject, timer });
      socket.send(JSON.stringify({ type, id, ...fields }));
    });
  }

  #connect() {
    this.#enter('connecting');
    const socket = new WebSocket(this.#url, 'relay.json');
    this.#socket = socket;
    const timer = window.setTimeout(() => this.#lost(socket), CONNECT_TIMEOUT_MS);
    socket.onopen = () => this.#greet(socket).finally(() => clearTimeout(timer));
    socket.onmessage = ({ data }) => this.#receive(socket, data);
    socket.onclose = ({ code }) => {
      clearTimeout(timer);
      this.#lost(socket, FINAL_CLOSE_CODES[code]);
    };
  }

  /** @param {WebSocket} socket */
  async #greet(socket) {
    try {
      const welcome = await this.request('hello', { token: this.#token, session: this.#session() });
      this.#attempt = 0;
      this.#beat(socket, welcome.heartbeat_s * 1000);
      this.#enter('online');
      emit(this, 'welcome', welcome);
    } catch (failure) {
      this.#lost(socket, FINAL_STATUS.includes(failure.status) ? failure.problem : undefined);
    }
  }

  /** A dead network does not close a socket: a heartbeat without reply does. */
  #beat(socket, intervalMs) {
    clearInterval(this.#heartbeatTimer);
    this.#heartbeatTimer = window.setInterval(() => {
      this.request('heartbeat', {}, intervalMs).catch(() => this.#lost(socket));
    }, intervalMs);
  }

  /** @param {WebSocket} socket @param {string} data */
  #receive(socket, data) {
    if (socket !== this.#socket) return;
    const message = parse(data);
    const isReply = message.re !== 0;
    if (isReply)
      this.#settle(message.re, message.type === 'failed' ? new Failure(/** @type {any} */ (message)) : message);
    if (!isReply || message.type === 'call.state') emit(this, message.type, message);
  }

  /** @param {number} id @param {Failure | object} outcome */
  #settle(id, outcome) {
    const waiting = this.#pending.get(id);
    if (!waiting) return;
    this.#pending.delete(id);
    clearTimeout(waiting.timer);
    if (outcome instanceof Failure) waiting.reject(outcome);
    else waiting.resolve(outcome);
  }

  /** @param {WebSocket} socket @param {string} [refusal] */
  #lost(socket, refusal) {
    if (socket !== this.#socket) return;
    if (refusal) {
      this.refusal = refusal;
      this.#drop('refused');
      return;
    }
    const delayMs = BACK_OFF_MS[Math.min(this.#attempt++, BACK_OFF_MS.length - 1)] * (0.75 + Math.random() / 2);
    this.#drop('waiting');
    this.#retryTimer = window.setTimeout(() => this.#connect(), delayMs);
  }

  #retryNow = () => {
    if (this.state !== 'waiting') return;
    clearTimeout(this.#retryTimer);
    this.#connect();
  };

  /** @param {LinkState} state */
  #drop(state) {
    clearInterval(this.#heartbeatTimer);
    clearTimeout(this.#retryTimer);
    const socket = this.#socket;
    this.#socket = null;
    if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
    socket?.close();
    for (const id of [...this.#pending.keys()]) this.#settle(id, new Failure({ problem: 'offline' }));
    this.#enter(state);
  }

  /** @param {LinkState} state */
  #enter(state) {
    if (this.state === state) return;
    this.state = state;
    emit(this, 'state', state);
  }
}
