/** Later than this nobody would call it the first frame of a pick-up. */
const LIMIT_MS = 60_000;

/**
 * Measure how long a player waits for its next frame.
 * @param {HTMLVideoElement} player with a stream of its own for this @param {number} sinceMs on the clock of `performance`
 * @returns {Promise<number | null>} milliseconds; null when it says nothing, for a hidden page paints no frames
 */
export function firstFrame(player, sinceMs) {
  let watched = !document.hidden;
  document.addEventListener('visibilitychange', () => (watched = false), { once: true });
  return new Promise((resolve) => {
    player.requestVideoFrameCallback((nowMs) => {
      const elapsedMs = Math.max(0, nowMs - sinceMs);
      resolve(watched && elapsedMs <= LIMIT_MS ? elapsedMs : null);
    });
  });
}
