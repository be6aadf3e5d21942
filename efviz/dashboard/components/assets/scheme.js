// Light, dark, or as the system has it: the visitor's choice, kept in the browser.
//
// Streamlit follows what `matchMedia` says of the system's preference, and so does all that is ours.
// So the choice is told in that place, before Streamlit asks: the page's head names this module
// first. Nothing is loaded again, and no setting is lost.

const KEY = Symbol.for('efviz.scheme');
const STORED = 'efviz-scheme';
const QUERY = '(prefers-color-scheme: dark)';

/** @typedef {'system' | 'light' | 'dark'} Choice */

/** @type {Record<Choice, [icon: string, next: Choice]>} */
const CHOICES = {
  system: [
    'M4 5h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1h-6v2h2v2H8v-2h2v-2H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1Zm1 2v8h14V7Z',
    'light',
  ],
  light: [
    'M12 7a5 5 0 1 1 0 10a5 5 0 0 1 0-10Zm0 2a3 3 0 1 0 0 6a3 3 0 0 0 0-6ZM11 1h2v4h-2Zm0 18h2v4h-2ZM1 11h4v2H1Zm18 0h4v2h-4ZM4.9 3.5l2.8 2.8-1.4 1.4-2.8-2.8Zm12.8 12.8 2.8 2.8-1.4 1.4-2.8-2.8Zm1.4-12.8 1.4 1.4-2.8 2.8-1.4-1.4ZM6.3 16.3l1.4 1.4-2.8 2.8-1.4-1.4Z',
    'dark',
  ],
  dark: [
    'M12 3a9 9 0 1 0 9 9 7 7 0 0 1-9-9ZM9.6 5.4A9 9 0 0 0 18.6 14.4 7 7 0 1 1 9.6 5.4Z',
    'system',
  ],
};

/** @returns {Choice} */
function stored() {
  try {
    const found = /** @type {Choice} */ (localStorage.getItem(STORED));
    return found in CHOICES ? found : 'system';
  } catch {
    return 'system'; // where storage is forbidden, the choice lasts as long as the page
  }
}

/** The media query about the colour scheme, as the visitor answers it. */
class Scheme extends EventTarget {
  media = QUERY;
  onchange = null;
  choice = stored();

  /** @param {MediaQueryList} system */
  constructor(system) {
    super();
    this.system = system;
    system.addEventListener('change', () => this.tell());
    addEventListener('storage', (event) => {
      if (event.key === STORED) this.become(stored());
    });
  }

  get matches() {
    return this.choice === 'system' ? this.system.matches : this.choice === 'dark';
  }

  /** @param {Choice} choice */
  choose(choice) {
    try {
      localStorage.setItem(STORED, choice);
    } catch {}
    this.become(choice);
  }

  /** @param {Choice} choice */
  become(choice) {
    this.choice = choice;
    this.tell();
  }

  tell() {
    this.dispatchEvent(new MediaQueryListEvent('change', this));
  }

  /** @param {EventListener} listener */
  addListener(listener) {
    this.addEventListener('change', listener);
  }

  /** @param {EventListener} listener */
  removeListener(listener) {
    this.removeEventListener('change', listener);
  }
}

const page = /** @type {{ [key: symbol]: Scheme }} */ (/** @type {unknown} */ (window));
page[KEY] ??= (() => {
  const ask = window.matchMedia.bind(window);
  const scheme = new Scheme(ask(QUERY));
  window.matchMedia = (query) => (query === QUERY ? scheme : ask(query));
  return scheme;
})();
const scheme = page[KEY];

/** The button that changes the choice. */
class Toggle {
  /** @param {Element} parent */
  constructor(parent) {
    this.root = document.createElement('button');
    this.root.type = 'button';
    this.root.className = 'efviz-scheme';
    this.root.addEventListener('click', () => scheme.choose(CHOICES[scheme.choice][1]));
    this.show = () => {
      const [icon, next] = CHOICES[scheme.choice];
      this.root.setAttribute('aria-label', `Theme: ${scheme.choice}`);
      this.root.title = `Theme: ${scheme.choice}. Change to ${next}`;
      this.root.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${icon}"/></svg>`;
    };
    this.show();
    scheme.addEventListener('change', this.show);
    parent.append(this.root);
  }

  remove() {
    scheme.removeEventListener('change', this.show);
    this.root.remove();
  }
}

/** @param {Call<unknown>} call */
export default function ({ parentElement }) {
  const toggle = (parentElement[KEY] ??= new Toggle(parentElement));
  return () => {
    toggle.remove();
    delete parentElement[KEY];
  };
}
