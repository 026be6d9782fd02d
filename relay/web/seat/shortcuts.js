import { byId, make } from '../ui/elements.js';

const STORE = 'relay.shortcuts';
const TYPING = 'input:not([type=radio], [type=checkbox]), textarea, select';

/**
 * Single-key shortcuts: never while typing, never with a modifier, and they can be switched off (WCAG 2.1.4).
 * @param {{key: string, words: string, run: () => void, when?: () => boolean}[]} shortcuts `Shift+E` for a capital
 */
export function bindShortcuts(shortcuts) {
  const enabled = byId('shortcuts-on');
  enabled.checked = localStorage.getItem(STORE) !== 'off';
  enabled.addEventListener('change', () => localStorage.setItem(STORE, enabled.checked ? 'on' : 'off'));
  byId('keys').replaceChildren(
    ...shortcuts.map(({ key, words }) =>
      make('div', {}, make('dt', {}, make('kbd', { textContent: key })), make('dd', { words })),
    ),
  );
  byId('help').addEventListener('click', () => byId('shortcuts').showModal());
  document.addEventListener('keydown', (event) => {
    if (!enabled.checked || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (event.target instanceof Element && event.target.matches(TYPING)) return;
    if (byId('shortcuts').open) return;
    const pressed = `${event.shiftKey && event.key.length === 1 && event.key !== '?' ? 'Shift+' : ''}${event.key.toUpperCase()}`;
    const match = shortcuts.find(({ key, when }) => key === pressed && (!when || when()));
    if (!match) return;
    event.preventDefault();
    match.run();
  });
}
