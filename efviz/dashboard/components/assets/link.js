// The link to the current state, copied from the address bar on demand.

import { part } from './html.js';

const KEY = Symbol.for('efviz.link');
const PATIENCE = 2500; // ms for which "Copied" is shown

class Link {
  /** @type {number | undefined} */
  timer;

  /** @param {Element} parent */
  constructor(parent) {
    this.root = document.createElement('div');
    this.root.className = 'efviz-link';
    this.root.innerHTML = `<button type="button" title="Copy a link to this page as it is now"
        aria-label="Copy link"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M11 17H7A5 5 0 0
        1 7 7h4v2H7a3 3 0 0 0 0 6h4v2Zm-3-4v-2h8v2H8Zm5 4v-2h4a3 3 0 0 0 0-6h-4V7h4a5 5 0 0 1 0 10h-4Z"
        /></svg></button><input type="text" readonly hidden aria-label="Link to this page"><span
        class="efviz-said" role="status"></span>`;
    this.button = part(this.root, HTMLButtonElement, 'button');
    this.field = part(this.root, HTMLInputElement, 'input');
    this.said = part(this.root, HTMLElement, '.efviz-said');
    parent.append(this.root);
    this.button.addEventListener('click', () => this.copy());
    this.field.addEventListener('blur', () => (this.field.hidden = true));
    this.field.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.button.focus();
    });
  }

  async copy() {
    try {
      // Over http, except on localhost, browsers offer no clipboard to write to.
      await navigator.clipboard.writeText(location.href);
      this.say('Copied.');
    } catch {
      this.field.value = location.href;
      this.field.hidden = false;
      this.field.focus();
      this.field.select();
      this.say('The link is selected: copy it.');
    }
  }

  /** @param {string} words */
  say(words) {
    this.said.textContent = words;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.said.textContent = ''), PATIENCE);
  }
}

/** @param {Call<unknown>} call */
export default function ({ parentElement }) {
  const link = (parentElement[KEY] ??= new Link(parentElement));
  return () => {
    clearTimeout(link.timer);
    link.root.remove();
    delete parentElement[KEY];
  };
}
