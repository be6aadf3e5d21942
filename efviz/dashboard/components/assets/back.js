// Back and Forward among the addresses of one page, which Streamlit ignores.
//
// data: {name, value}: a parameter of the address, and its value on the page. Reports `moved`, the
// different value to which the browser has moved.

const KEY = Symbol.for('efviz.back');
const FRESH = 2000; // ms during which a move is checked again, as the page may have been outdated

class Back {
  moved = -Infinity;
  /** @type {{ name: string, value: string }} */
  data;
  /** @type {Send} */
  send;

  constructor() {
    this.page = location.pathname;
    this.look = () => {
      this.moved = performance.now();
      this.compare();
    };
    addEventListener('popstate', this.look);
  }

  /**
   * @param {{ name: string, value: string }} data
   * @param {Send} send
   */
  update(data, send) {
    this.data = data;
    this.send = send;
    if (performance.now() - this.moved < FRESH) this.compare();
  }

  compare() {
    const said = new URLSearchParams(location.search).get(this.data.name);
    if (location.pathname !== this.page || !said || said === this.data.value) return;
    this.send('moved', said);
  }

  remove() {
    removeEventListener('popstate', this.look);
  }
}

/** @param {Call<{ name: string, value: string }>} call */
export default function ({ data, parentElement, setTriggerValue }) {
  const back = (parentElement[KEY] ??= new Back());
  back.update(data, setTriggerValue);
  return () => {
    back.remove();
    delete parentElement[KEY];
  };
}
