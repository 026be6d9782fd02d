import { grade } from '../client/quality.js';

/** @typedef {'calm' | 'busy' | 'bad'} Severity */

/** Share of calls to be answered in time by the standard of Chinese government hotlines, and where it becomes grave. */
const SERVICE_LEVEL = { calm: 0.95, busy: 0.8 };

/** @param {number | null} share @returns {Severity} */
export function ofServiceLevel(share) {
  if (share === null || share >= SERVICE_LEVEL.calm) return 'calm';
  return share >= SERVICE_LEVEL.busy ? 'busy' : 'bad';
}

/** A wait beside the target: over it is busy, over eight times of it is bad. @param {number} waitS @param {number} targetS @returns {Severity} */
export function ofWait(waitS, targetS) {
  if (waitS <= targetS) return 'calm';
  return waitS <= targetS * 8 ? 'busy' : 'bad';
}

/** @param {import('../client/messages.js').CallRow} call @returns {Severity | 'none'} */
export function ofCall(call) {
  return /** @type {const} */ ({ good: 'calm', fair: 'busy', poor: 'bad', none: 'none' })[grade(call)];
}
