// The picture follows the hand: while a slider or a mark is moved, pictures are fetched by their link
// and drawn at once. The session is told where the hand came to rest; what it then sends is the same.
//
// A link is that of the session's picture with the changes of all hands, {name: text}. Whoever moves
// something calls `follow` for every new place, commits when it rests, and calls `rest` once the
// session has answered. Where pictures cannot be fetched, `follow` returns false, or calls `slow`
// later: the session has to be told of every place.
//
// A picture: uint32 length | JSON {query, remarks, words, charts: [{name, size}]} | packed figures.

import { text } from './wire.js';

const MOST = 200; // pictures kept, of at most so many bytes
const MOST_BYTES = 32 * 2 ** 20;
const LATER = 1500; // ms after which a picture is asked for again where the session had to make one
const BUSY = 500; // ms after which a busy server is asked ahead of the hand again
const LONG = 30_000; // ms after which the route is tried again where it failed
const REST = [250, 3000]; // ms without a move after which a hand rests, at least and at most
const AT_EASE = 4; // how many times as long as the session took to answer the last time

/** @typedef {{ [name: string]: string }} Change parameters of a link */
/** @typedef {{ header: any, buffer: ArrayBuffer, start: number }} Picture */
/** @typedef {{ show(buffer: ArrayBuffer, at: number): unknown }} Shows */

/**
 * A number as the server writes it in links: the same picture has the same address.
 *
 * @param {number} value
 */
export function inLink(value) {
  const size = Math.abs(value);
  const text = size && (size < 1e-4 || size >= 1e16) ? value.toExponential() : String(value);
  return text.replace(/e-(\d)$/, 'e-0$1').replace('e+', 'e');
}

/**
 * The pictures near a link, the nearest first.
 *
 * @template T
 * @param {(offset: number) => T | undefined} at the one so many stops away
 * @param {number} most on each side
 */
export function around(at, most) {
  const offsets = Array.from({ length: most }, (_, i) => [i + 1, -i - 1]).flat();
  return offsets.map(at).filter((one) => one !== undefined);
}

/** Pictures by address; the ones used least recently go first. */
export class Kept {
  /** @type {Map<string, Picture>} */
  pictures = new Map();
  bytes = 0;

  /** @param {string} url */
  get(url) {
    const found = this.pictures.get(url);
    if (found) {
      this.pictures.delete(url);
      this.pictures.set(url, found);
    }
    return found;
  }

  /**
   * @param {string} url
   * @param {Picture} picture
   */
  put(url, picture) {
    if (this.pictures.has(url)) return;
    this.pictures.set(url, picture);
    this.bytes += picture.buffer.byteLength;
    for (const [old, { buffer }] of this.pictures) {
      if (this.pictures.size <= MOST && this.bytes <= MOST_BYTES) return;
      this.pictures.delete(old);
      this.bytes -= buffer.byteLength;
    }
  }
}

/**
 * @param {ArrayBuffer} buffer
 * @returns {Picture}
 */
export function read(buffer) {
  const [json, start] = text(buffer, 0);
  return { header: JSON.parse(json), buffer, start };
}

export class Pictures {
  kept = new Kept();
  /** @type {Map<string, Shows>} the charts of the page by name */
  charts = new Map();
  /** @type {string | null} */
  address = null;
  link = '';
  /** @type {Map<object, Change>} what each hand has changed, until the session says so too */
  hands = new Map();
  /** @type {{ url: string, number: number, slow: () => void } | undefined} */
  wanted;
  /** @type {{ url: string, stop: AbortController, ahead: boolean } | undefined} on its way */
  asked;
  number = 0; // of the newest place
  drawn = 0; // of the picture that is shown
  closed = -Infinity; // until when nothing is fetched
  /** @type {string[]} */
  near = [];
  /** @type {{ picture: Picture, number: number } | undefined} shown in the next frame */
  next;
  busy = false; // the server, at the last request
  took = 0; // ms of the session's last answer

  /** @param {typeof fetch} get */
  constructor(get = (...all) => fetch(...all)) {
    this.get = get;
  }

  /**
   * A chart that follows the hand is on the page, with a picture of the session.
   *
   * @param {Shows} chart
   * @param {Follows} follows
   */
  add(chart, { name, address, link }) {
    if (address !== this.address) this.charts.clear();
    this.charts.set(name, chart);
    this.address = address;
    this.link = link ?? '';
  }

  /** @param {Shows} chart */
  remove(chart) {
    for (const [name, one] of this.charts) if (one === chart) this.charts.delete(name);
    if (!this.charts.size) this.forget();
  }

  // The page is gone.
  forget() {
    this.address = null;
    this.hands.clear();
    this.wanted = this.next = undefined;
    this.near = [];
    this.asked?.stop.abort();
  }

  // While a hand moves, the session's pictures are out of date.
  get moving() {
    return this.hands.size > 0;
  }

  // A server that is slow to answer is told less often where hands come to rest.
  get pause() {
    const [least, most] = REST;
    return Math.min(most, Math.max(least, AT_EASE * this.took));
  }

  get open() {
    return this.address !== null && performance.now() > this.closed;
  }

  /**
   * The address of the picture with these changes.
   *
   * @param {Change[]} changes
   */
  urlOf(...changes) {
    const link = new URLSearchParams(this.link);
    for (const [name, text] of changes.flatMap(Object.entries)) link.set(name, text);
    link.sort(); // for caches: one address for one picture
    const query = link.toString();
    return query ? `${this.address}?${query}` : `${this.address}`;
  }

  /**
   * Show the picture of this place as soon as possible. Returns whether it comes this way.
   *
   * @param {object} hand
   * @param {Change} change
   * @param {() => void} slow called if it does not after all
   */
  follow(hand, change, slow) {
    if (!this.open) return false;
    this.hands.set(hand, change);
    const url = this.urlOf(...this.hands.values());
    const number = ++this.number;
    this.near = [];
    const found = this.kept.get(url);
    if (found) {
      this.wanted = undefined;
      this.show(found, number);
      return true;
    }
    this.wanted = { url, number, slow };
    if (this.asked?.ahead && this.asked.url !== url) this.asked.stop.abort();
    this.pump();
    return true;
  }

  /**
   * The session shows where the hand came to rest.
   *
   * @param {object} hand
   */
  rest(hand) {
    if (!this.hands.delete(hand) || this.moving) return;
    this.wanted = this.next = undefined;
    this.asked?.stop.abort();
  }

  /**
   * Fetch pictures that a hand may soon want, while there is nothing else to do.
   *
   * @param {Change[]} changes the most likely first
   */
  ahead(changes) {
    if (!this.open) return;
    this.near = changes.map((change) => this.urlOf(...this.hands.values(), change));
    this.pump();
  }

  pump() {
    if (this.asked || !this.open) return;
    const { wanted } = this;
    this.wanted = undefined;
    if (wanted) {
      this.fetch(wanted.url, false).then((picture) => {
        if (picture && this.moving) this.show(picture, wanted.number);
        else if (picture === null) this.giveWay(wanted.slow);
        this.pump();
      });
      return;
    }
    const url = this.near.find((one) => !this.kept.get(one));
    if (!url) return;
    this.fetch(url, true).then((picture) => {
      // What the server has no time for now is asked for again while nobody moves.
      if (this.busy) setTimeout(() => this.pump(), BUSY);
      else if (picture === null) this.near = this.near.filter((one) => one !== url);
      if (!this.busy) this.pump();
    });
  }

  /**
   * The session has to make the pictures, for now.
   *
   * @param {() => void} slow
   */
  giveWay(slow) {
    const newest = this.wanted?.slow ?? slow;
    this.closed = Math.max(this.closed, performance.now() + LATER);
    this.wanted = undefined;
    this.hands.clear();
    newest();
  }

  /**
   * A picture; null if the session has to make it, undefined if it is not wanted any more.
   *
   * @param {string} url
   * @param {boolean} ahead
   * @returns {Promise<Picture | null | undefined>}
   */
  async fetch(url, ahead) {
    const asked = { url, ahead, stop: new AbortController() };
    this.asked = asked;
    this.busy = false;
    try {
      const answer = await this.get(url, {
        signal: asked.stop.signal,
        priority: ahead ? 'low' : 'high',
        ...(ahead && { headers: { 'efviz-ahead': '1' } }),
      });
      if (answer.status !== 200) {
        // Not this one, or not now. Anything else is no route of pictures.
        this.busy = [204, 429, 503].includes(answer.status);
        if (!this.busy && answer.status !== 202) this.closed = performance.now() + LONG;
        return null;
      }
      const picture = read(await answer.arrayBuffer());
      this.kept.put(url, picture);
      return picture;
    } catch {
      if (asked.stop.signal.aborted) return undefined;
      this.closed = performance.now() + LONG;
      return null;
    } finally {
      this.asked = undefined;
    }
  }

  /**
   * Draw a picture in the next frame, unless a newer one is drawn by then.
   *
   * @param {Picture} picture
   * @param {number} number
   */
  show(picture, number) {
    if (number <= this.drawn) return;
    const before = this.next;
    this.drawn = number;
    this.next = { picture, number };
    if (!before) requestAnimationFrame(() => this.draw());
  }

  draw() {
    const { next } = this;
    this.next = undefined;
    if (!next) return;
    const { header, buffer, start } = next.picture;
    let at = start;
    for (const { name, size } of header.charts) {
      this.charts.get(name)?.show(buffer, at);
      at += size;
    }
    for (const [name, html] of Object.entries(header.words)) {
      const place = document.querySelector(`[data-efviz-words="${name}"]`);
      if (place && html) place.innerHTML = html;
    }
  }
}

/** Those of this page. */
export const pictures = new Pictures();
