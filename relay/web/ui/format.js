import { languageTag, t } from '../i18n.js';

/** `3:05` or `1:02:07`. @param {number} totalS */
export function duration(totalS) {
  const whole = Math.max(0, Math.floor(totalS));
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${hours ? String(minutes).padStart(2, '0') : minutes}:${String(seconds).padStart(2, '0')}`;
  return hours ? `${hours}:${tail}` : tail;
}

/** An expected wait, as rough as the estimate is. @param {number | null} waitS */
export function expectedWait(waitS) {
  if (waitS === null) return t('wait.unknown');
  if (waitS < 45) return t('wait.soon');
  if (waitS < 90) return t('wait.minute');
  return t('wait.minutes', { n: Math.ceil(waitS / 60) });
}

/** `95 %`; a dash when there is nothing to tell. @param {number | null} share @param {number} [digits] */
export function percent(share, digits = 0) {
  return share === null ? '–' : `${(share * 100).toFixed(digits)} %`;
}

/** `1.2 Mbit/s`. @param {number} bps */
export function bitrate(bps) {
  return bps >= 999_500 ? `${(bps / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bps / 1000)} kbit/s`;
}

/** `38 ms`. @param {number | null} ms @param {number} [digits] */
export const milliseconds = (ms, digits = 0) => (ms === null ? '–' : `${ms.toFixed(digits)} ms`);

/** @param {Date} date @param {Intl.DateTimeFormatOptions} options */
export const dateText = (date, options) => new Intl.DateTimeFormat(languageTag(), options).format(date);
