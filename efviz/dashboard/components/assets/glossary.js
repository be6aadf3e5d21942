// The terms of the glossary: links of the form #glossary-… that say in place what they stand for, on
// hover, on a tap or a click, and with the focus of the keyboard. Escape closes.
//
// data: {terms: {address: {name, words, formula}}}

/** @typedef {{ name: string, words: string, formula: string }} Term */

const KEY = Symbol.for('efviz.glossary');
const LINK = 'a[href^="#glossary-"]';
const GAP = 8; // px between a term and its explanation, and from there to the edges

/** @param {EventTarget | null} target */
const linkAt = (target) =>
  target instanceof Element ? /** @type {HTMLElement | null} */ (target.closest(LINK)) : null;

class Glossary {
  /** @type {Record<string, Term>} */
  terms = {};
  /** @type {HTMLElement | undefined} the term that is explained */
  link;
  held = false; // by a click, until the next one
  listening = new AbortController();

  constructor() {
    this.box = document.createElement('div');
    this.box.className = 'efviz-term';
    this.box.id = 'efviz-term';
    this.box.setAttribute('role', 'tooltip');
    this.box.hidden = true;
    (document.querySelector('.stApp') ?? document.body).append(this.box);
    const { signal } = this.listening;
    const on = (/** @type {string} */ name, /** @type {(event: any) => void} */ listener) =>
      document.addEventListener(name, listener, { capture: true, signal });
    on('pointerover', ({ target, pointerType }) => {
      if (pointerType !== 'mouse' || this.held || this.box.contains(target)) return;
      const link = linkAt(target);
      if (link) this.open(link);
      else if (this.link !== document.activeElement) this.close();
    });
    on('focusin', ({ target }) => {
      const link = linkAt(target);
      if (link?.matches(':focus-visible')) this.open(link);
      else if (!link && !this.held) this.close();
    });
    on('click', (event) => this.clicked(event));
    on('keydown', (event) => this.pressed(event));
    on('scroll', () => this.place());
    addEventListener('resize', () => this.close(), { signal });
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const link = linkAt(event.target);
    if (!link) {
      if (event.target instanceof Node && !this.box.contains(event.target)) this.close();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const again = this.held && link === this.link;
    this.close();
    if (again) return;
    this.open(link);
    this.held = true;
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    if (event.key === 'Escape' && this.link) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
    if (event.key === ' ' && linkAt(event.target)) {
      event.preventDefault();
      linkAt(event.target)?.click();
    }
  }

  /** @param {HTMLElement} link */
  open(link) {
    const term = this.terms[link.getAttribute('href') ?? ''];
    if (!term) return;
    if (link !== this.link) this.close();
    this.link = link;
    link.setAttribute('aria-describedby', this.box.id);
    const [name, words, formula] = ['b', 'span', 'span'].map((tag) => document.createElement(tag));
    name.textContent = term.name;
    words.textContent = term.words;
    formula.innerHTML = term.formula;
    formula.className = 'formula';
    this.box.replaceChildren(name, words, ...(term.formula ? [formula] : []));
    this.box.hidden = false;
    this.place();
  }

  place() {
    if (!this.link) return;
    const at = this.link.getBoundingClientRect();
    if (!this.link.isConnected || at.bottom < 0 || at.top > innerHeight) {
      this.close();
      return;
    }
    const { offsetWidth: width, offsetHeight: height } = this.box;
    const left = Math.max(GAP, Math.min(at.left, innerWidth - width - GAP));
    const above = at.top - height - GAP;
    const top = above >= GAP ? above : Math.min(at.bottom + GAP, innerHeight - height - GAP);
    Object.assign(this.box.style, { left: `${left}px`, top: `${top}px` });
  }

  close() {
    this.link?.removeAttribute('aria-describedby');
    this.link = undefined;
    this.held = false;
    this.box.hidden = true;
  }

  remove() {
    this.listening.abort();
    this.box.remove();
  }
}

/** @param {Call<{ terms: Record<string, Term> }>} call */
export default function ({ data, parentElement }) {
  const glossary = (parentElement[KEY] ??= new Glossary());
  glossary.terms = data.terms;
  return () => {
    glossary.remove();
    delete parentElement[KEY];
  };
}
