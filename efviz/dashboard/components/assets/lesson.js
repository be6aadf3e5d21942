// The head of a lesson: its title, a stepper with Back and Next, and buttons to present and leave.
//
// data: {title, number, steps: [{title, done}], at, next, presenting}. Reports `act`: the index of a
// step, or one of back, next, restart, present and leave. Where there is no room beside the picture,
// the panel is a sheet from below, which a button folds to this head.

import { part } from './html.js';

/**
 * @typedef {{ title: string, number: number, steps: { title: string, done: boolean }[], at: number,
 *   next: string, presenting: boolean }} Shown
 */

const KEY = Symbol.for('efviz.lesson');
const KEYS = new Map([
  ['ArrowLeft', 'back'],
  ['PageUp', 'back'],
  ['ArrowRight', 'next'],
  ['PageDown', 'next'],
]);
// What uses these keys itself while it has the focus.
const OWN = `input, textarea, select, [contenteditable], [role=slider], [role=radio], [role=tab],
  [role=listbox], [role=combobox], [role=menu], [role=dialog], .handle`;

const ICONS = {
  present: 'M2 3h12v8H2zM8 11v3M5 14h6',
  leave: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  restart: 'M3 8a5 5 0 1 0 1.6-3.7M3 2.5v3h3',
};

const icon = (/** @type {string} */ path) =>
  `<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="${path}"/></svg>`;

class Head {
  /** @type {Shown} */
  data;
  /** @type {Send} */
  send;
  shown = '';

  /** @param {Element} parent */
  constructor(parent) {
    this.root = document.createElement('div');
    this.root.className = 'efviz-lesson';
    this.root.innerHTML = `<p><small></small><span>
        <button type="button" data-act="restart">${icon(ICONS.restart)}</button>
        <button type="button" data-act="present">${icon(ICONS.present)}</button>
        <button type="button" data-act="leave">${icon(ICONS.leave)}</button>
        <button type="button" class="fold"><svg viewBox="0 0 16 16" width="16" height="16"
          aria-hidden="true"><path d="M3 6l5 5 5-5"/></svg></button></span></p>
      <h1></h1>
      <nav aria-label="Steps of the lesson"><button type="button" data-act="back">Back</button>
        <ol></ol><button type="button" data-act="next" class="next"></button></nav>`;
    parent.append(this.root);
    this.root.addEventListener('click', (event) => this.clicked(event));
    this.keys = (/** @type {KeyboardEvent} */ event) => this.pressed(event);
    addEventListener('keydown', this.keys);
    this.fold(false);
  }

  /**
   * @param {Shown} data
   * @param {Send} send
   */
  update(data, send) {
    this.data = data;
    this.send = send;
    const now = JSON.stringify(data);
    if (now === this.shown) return;
    this.shown = now;
    this.draw();
  }

  draw() {
    const { title, number, steps, at, next, presenting } = this.data;
    const find = (/** @type {string} */ selector) => part(this.root, HTMLElement, selector);
    const label = (/** @type {string} */ act, /** @type {string} */ words) => {
      const button = find(`[data-act=${act}]`);
      button.setAttribute('aria-label', words);
      button.title = words;
    };
    find('small').textContent = `Lesson ${number}, step ${at + 1} of ${steps.length}`;
    find('h1').textContent = title;
    find('[data-act=next]').textContent = next;
    part(this.root, HTMLButtonElement, '[data-act=back]').disabled = at === 0;
    label('restart', 'Restart this step');
    label('present', presenting ? 'End presenting' : 'Present');
    label('leave', 'Leave the lesson');
    const had = this.root.querySelector('li :focus') !== null;
    find('ol').replaceChildren(...steps.map((step, i) => this.dot(step, i)));
    if (had) part(this.root, HTMLElement, '[aria-current]').focus();
  }

  /**
   * @param {Shown['steps'][number]} step
   * @param {number} i
   */
  dot({ title, done }, i) {
    const item = document.createElement('li');
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = `${i + 1}`;
    button.dataset.step = `${i}`;
    button.title = title;
    button.setAttribute('aria-label', `Step ${i + 1}${done ? ', done' : ''}: ${title}`);
    button.classList.toggle('done', done);
    if (i === this.data.at) button.setAttribute('aria-current', 'step');
    item.append(button);
    return item;
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const button = event.target instanceof Element ? event.target.closest('button') : null;
    if (!button) return;
    const { act, step } = button.dataset;
    if (step) this.send('act', Number(step));
    else if (act) this.send('act', act);
    else this.fold(document.documentElement.dataset.efvizSheet !== 'folded');
  }

  /** @param {boolean} folded */
  fold(folded) {
    document.documentElement.dataset.efvizSheet = folded ? 'folded' : 'open';
    const button = part(this.root, HTMLButtonElement, '.fold');
    button.setAttribute('aria-expanded', `${!folded}`);
    button.title = folded ? 'Show the text' : 'Hide the text';
    button.setAttribute('aria-label', button.title);
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const { key, target, defaultPrevented, ctrlKey, altKey, metaKey, shiftKey } = event;
    if (!this.data.presenting || defaultPrevented) return;
    if (ctrlKey || altKey || metaKey || shiftKey) return;
    if (target instanceof Element && target.closest(OWN)) return;
    const { at } = this.data;
    const act = key === 'Escape' ? 'present' : KEYS.get(key);
    if (!act || (act === 'back' && at === 0)) return;
    event.preventDefault();
    this.send('act', act);
  }

  remove() {
    removeEventListener('keydown', this.keys);
    this.root.remove();
  }
}

/** @param {Call<Shown>} call */
export default function ({ data, parentElement, setTriggerValue }) {
  const head = (parentElement[KEY] ??= new Head(parentElement));
  head.update(data, setTriggerValue);
  return () => {
    head.remove();
    delete parentElement[KEY];
  };
}
