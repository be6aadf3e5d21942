// Back and Forward among addresses of one page, which Streamlit does not look at.
//
// data: {name, value}: a parameter of the address, and what the page shows of it. Reports `moved`, the
// other value that the browser has gone to.

const KEY = Symbol.for('efviz.back');

export default function ({ data, parentElement, setTriggerValue }) {
  const look = (parentElement[KEY] ??= Object.assign(() => look.now(), {}));
  if (!look.page) {
    look.page = location.pathname;
    addEventListener('popstate', look);
  }
  look.now = () => {
    const said = new URLSearchParams(location.search).get(data.name) ?? '';
    if (location.pathname === look.page && said && said !== data.value) setTriggerValue('moved', said);
  };
  return () => {
    removeEventListener('popstate', look);
    delete parentElement[KEY];
  };
}
