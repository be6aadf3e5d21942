// What a visitor has done, in the storage of the browser, so that it survives a reload.
//
// data: {done: [name]}. Reports `known`: names kept from before that are not in data.

const KEY = 'efviz.done';
// Names that the server has been told and may not know, such as those of former lessons.
const told = new Set();

/** @returns {string[]} */
function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(found) ? found.filter((one) => typeof one === 'string') : [];
  } catch {
    return []; // storage is blocked, or holds something else
  }
}

/** @param {string[]} names */
function keep(names) {
  try {
    localStorage.setItem(KEY, JSON.stringify(names));
  } catch {
    // The session still knows them.
  }
}

/** @param {Call<{ done: string[] }>} call */
export default function ({ data, setTriggerValue }) {
  const before = kept();
  const all = [...new Set([...before, ...data.done])];
  if (all.length > before.length) keep(all);
  const unknown = before.filter((one) => !data.done.includes(one) && !told.has(one));
  unknown.forEach((one) => told.add(one));
  if (unknown.length) setTriggerValue('known', unknown);
  return () => {};
}
