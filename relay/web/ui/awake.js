/** @type {WakeLockSentinel | null} */
let lock = null;

/** Keep the screen of a phone or booth on while somebody waits or talks. @param {boolean} awake */
export async function stayAwake(awake) {
  if (!awake) {
    await lock?.release();
    lock = null;
  } else if (!lock || lock.released) {
    lock = (await navigator.wakeLock?.request('screen').catch(() => null)) ?? null; // refused on low battery: no harm
  }
}
