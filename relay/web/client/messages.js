/**
 * The signalling messages as the pages see them: the types of `relay/server/messages`, and what a field that the
 * server left out stands for (it omits defaults).
 *
 * @typedef {'microphone' | 'camera' | 'document' | 'screen'} Source
 * @typedef {'microphone' | 'camera' | 'document' | 'screen' | 'microphone-2' | 'camera-2' | 'microphone-3' | 'camera-3'} Slot
 * @typedef {{type: 'welcome', identity: string, role: string, name: string, region: string, session: string,
 *   resumed: boolean, heartbeat_s: number, items: Item[], dispositions: string[], ice_servers: RTCIceServer[]}} Welcome
 * @typedef {{code: string, name_zh: string, name_en: string, group_zh: string, group_en: string, open: boolean}} Item
 * @typedef {{type: 'call.state', call: string, state: 'queued' | 'offered' | 'connected' | 'held' | 'ended',
 *   item: string, kind: string, position: number | null, expected_wait_s: number | null, waited_s: number,
 *   party: string, active: Source[], members: Member[], callback: boolean, recorded: boolean, reason: string}} CallState
 * @typedef {{who: string, role: string, name: string, held?: boolean, place?: number}} Member
 * @typedef {{type: 'offer.made', offer: string, call: string, item: string, item_zh: string, item_en: string,
 *   kind: string, region: string, region_zh: string, region_en: string, language: string, priority: string[], party: string, waited_s: number,
 *   expires_in_ms: number, purpose: 'call' | 'consult' | 'conference', parent: string}} OfferMade
 * @typedef {{type: 'callback.ring', call: string, item: string, expires_in_ms: number}} RingingBack
 * @typedef {{code: string, name_zh: string, name_en: string}} RegionInfo
 * @typedef {{seat: string, name: string, region: string, state: string}} ColleagueInfo
 * @typedef {{type: 'directory', items: Item[], regions: RegionInfo[], seats: ColleagueInfo[]}} Directory
 * @typedef {{type: 'offer.ended', offer: string, outcome: string}} OfferEnded
 * @typedef {{type: 'seat.state', state: 'offline' | 'ready' | 'offered' | 'in-call' | 'wrap-up' | 'break',
 *   call: string, until_ms: number, reason: string}} SeatState
 * @typedef {{type: 'source.changed', call: string, source: Source, active: boolean}} SourceChanged
 * @typedef {{type: 'media.lost', reason: string}} MediaLost
 * @typedef {{type: 'source.encodings', source: Source, rids: string[]}} SourceEncodings
 * @typedef {{group: string, name_zh: string, name_en: string, waiting: number, oldest_wait_s: number,
 *   expected_wait_s: number | null, in_call: number, seats_ready: number, service_level: number | null}} QueueRow
 * @typedef {{seat: string, name: string, region: string, state: string, since_s: number, call: string}} SeatRow
 * @typedef {{call: string, item: string, kiosk: string, seat: string, state: string, elapsed_s: number,
 *   rtt_ms: number | null, jitter_ms: number | null, loss: number | null, bitrate_bps: number}} CallRow
 * @typedef {{type: 'wallboard', at_ms: number, waiting: number, in_call: number, seats: Record<string, number>,
 *   answered_today: number, abandoned_today: number, service_level: number | null, service_level_target_s: number,
 *   longest_wait_s: number, residence_p99_ms: number | null, queues: QueueRow[], seat_rows: SeatRow[],
 *   calls: CallRow[]}} Wallboard
 */

/** What the server leaves out of each message when it has this value. */
export const DEFAULTS = {
  welcome: { region: '', resumed: false, items: [], dispositions: [], ice_servers: [] },
  failed: { detail: '', hint: '', retry_after_s: 0 },
  'call.state': {
    item: '',
    kind: '',
    position: null,
    expected_wait_s: null,
    waited_s: 0,
    party: '',
    active: [],
    members: [],
    callback: false,
    recorded: false,
    reason: '',
  },
  'offer.made': { item_zh: '', item_en: '', region_zh: '', region_en: '', language: 'zh', priority: [], purpose: 'call', parent: '' },
  'seat.state': { call: '', until_ms: 0, reason: '' },
  wallboard: {
    service_level: null,
    service_level_target_s: 15,
    longest_wait_s: 0,
    residence_p99_ms: null,
  },
};

/** @type {Source[]} What a participant can send; a slot of the same name receives it at the other side. */
export const SOURCES = ['microphone', 'camera', 'document', 'screen'];

/** @type {Slot[]} What a participant can receive: all of the first party it hears, voice and face of the second and third. */
export const SLOTS = [...SOURCES, 'microphone-2', 'camera-2', 'microphone-3', 'camera-3'];

/** @param {string} name of a source or slot @returns {'audio' | 'video'} */
export const kindOf = (name) => (name.startsWith('microphone') ? 'audio' : 'video');

/**
 * Parse one text frame of the server.
 * @param {string} text
 * @returns {{type: string, re: number} & Record<string, any>}
 */
export function parse(text) {
  const message = JSON.parse(text);
  return { re: 0, ...structuredClone(DEFAULTS[message.type]), ...message };
}
