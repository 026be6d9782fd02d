/** Send an event. @param {EventTarget} target @param {string} type @param {unknown} [detail] */
export function emit(target, type, detail) {
  target.dispatchEvent(new CustomEvent(type, { detail }));
}

/** Hear an event's detail. @param {EventTarget} target @param {string} type @param {(detail: any) => void} handle */
export function on(target, type, handle) {
  target.addEventListener(type, (event) => handle(/** @type {CustomEvent} */ (event).detail));
}
