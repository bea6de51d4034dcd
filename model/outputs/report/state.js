// What the page shows: the data of the run, and the choices, which stand in the address as well, so
// that Back and links work.

function read(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

const rowData = read("row-data");
const detailData = late(() => read("detail-data"));
const soundData = late(() => read("sound-data"));
const part = (id) => document.getElementById(id);
const genres = rowData.genres;
const count = rowData.names.length;
const PHONE = "(max-width: 44rem)";
const NARROW = "(max-width: 50rem)";
const LEVELS_OF_CONFIDENCE = 10;
const UNITS = Math.round(1 / rowData.unit);

/** Most probable genre of each clip, and its probability in units. */
const firstGenre = new Uint8Array(count);
const firstUnits = new Uint16Array(count);
rowData.posteriors.forEach((units, clip) => {
  let best = 0;
  for (let genre = 1; genre < units.length; genre += 1) if (units[genre] > units[best]) best = genre;
  firstGenre[clip] = best;
  firstUnits[clip] = units[best];
});

/** Choices with their values when nothing is chosen; empty text for none. */
const DEFAULTS = {
  q: "", genre: "", level: "", only: "", reason: "", cell: "", sort: rowData.truth.length ? "miss" : "name", page: "1", clip: "",
};
const FILTERS = ["genre", "level", "only", "reason", "cell"];
const view = { ...DEFAULTS };

/** Right genres that the reader chose, by clip. */
const corrections = new Map();

function isMissed(clip) {
  return rowData.truth.length > 0 && rowData.truth[clip] >= 0 && rowData.predicted[clip]
    && rowData.truth[clip] !== firstGenre[clip];
}

/** Whether a clip is in one of the groups that have a name of their own. */
const GROUPS = {
  unsure: (clip) => rowData.predicted[clip] && firstUnits[clip] < UNITS / 2,
  unpredicted: (clip) => !rowData.predicted[clip],
  troubled: (clip) => !rowData.predicted[clip] || problems(clip).length > 0,
  missed: isMissed,
  corrected: (clip) => corrections.has(clip),
};

/** For each filter, whether a clip passes it. */
const PASSES = {
  genre: (clip, value) => rowData.predicted[clip] && firstGenre[clip] === Number(value),
  level: (clip, value) => rowData.predicted[clip]
    && Math.min(LEVELS_OF_CONFIDENCE - 1, Math.floor((firstUnits[clip] * LEVELS_OF_CONFIDENCE) / UNITS)) === Number(value),
  only: (clip, value) => GROUPS[value](clip),
  reason: (clip, value) => rowData.notices[clip].some(([reason]) => reason === value),
  cell: (clip, value) => rowData.predicted[clip] && value === `${rowData.truth[clip]}-${firstGenre[clip]}`,
};

/** The filter in words. */
const IN_WORDS = {
  genre: (value) => genres[value],
  level: (value) => `${10 * value} to ${10 * value + 10}%`,
  only: (value) => ({ unsure: "unsure", unpredicted: "without a prediction", troubled: "with a problem", missed: "missed", corrected: "corrected by you" })[value],
  reason: (value) => rowData.meanings[value],
  cell: (value) => {
    const [truth, first] = value.split("-");
    return truth === first ? `${genres[truth]}, right` : `${genres[truth]} taken for ${genres[first]}`;
  },
};

/** Problems of a clip, each a reason and its detail; a long song is none. */
function problems(clip) {
  return rowData.notices[clip].filter(([, , isProblem]) => isProblem);
}

function problemText(clip) {
  return problems(clip).map(([reason]) => rowData.meanings[reason]).join("; ");
}

/** What a clip is called: its title, or its name. */
function called(clip) {
  return rowData.titles[clip] || rowData.names[clip];
}

/** Each clip's text to search in. */
const haystacks = late(() => rowData.names.map((name, clip) => {
  const genre = rowData.predicted[clip] ? genres[firstGenre[clip]] : "";
  const notices = rowData.notices[clip].map(([reason, detail]) => `${reason} ${rowData.meanings[reason]} ${detail}`);
  return plainText([name, rowData.titles[clip] ?? "", rowData.artists[clip] ?? "", genre, ...notices].join("\n"));
}));

/** A text without case and accents, so that "bjork" finds "Björk". */
function plainText(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

function words(text) {
  return plainText(text).split(/\s+/).filter(Boolean);
}

/** A function that says of a clip whether the choices let it through. */
function matcher() {
  const wanted = words(view.q), found = wanted.length ? haystacks() : null;
  const chosen = FILTERS.filter((key) => view[key] !== "");
  return (clip) => chosen.every((key) => PASSES[key](clip, view[key]))
    && wanted.every((word) => found[clip].includes(word));
}

function address() {
  const changed = Object.entries(view).filter(([key, value]) => value !== DEFAULTS[key]);
  return `#${new URLSearchParams(changed)}`;
}

/** Whether a value of the address means something; a link may be of another page. */
const KNOWN = {
  genre: (value) => /^\d+$/.test(value) && value in genres,
  level: (value) => /^\d$/.test(value),
  only: (value) => Object.hasOwn(GROUPS, value),
  reason: (value) => Object.hasOwn(rowData.meanings, value),
  cell: (value) => /^\d+-\d+$/.test(value) && value.split("-").every((index) => index in genres),
  sort: (value) => Object.hasOwn(COMPARISONS, value.replace(/^-/, "")),
  clip: (value) => /^\d+$/.test(value) && value in rowData.names,
};

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const key of Object.keys(DEFAULTS)) view[key] = given.get(key) ?? DEFAULTS[key];
  for (const [key, isKnown] of Object.entries(KNOWN)) if (!isKnown(view[key])) view[key] = DEFAULTS[key];
}

const listeners = [];

/** Show what the choices say, wherever it is shown. */
function refresh() {
  for (const listener of listeners) listener();
}

/** Make choices; a step that Back undoes, unless it is one of many letters. */
function choose(changes, isStep = true) {
  const keepsPage = "page" in changes || Object.keys(changes).every((key) => key === "clip");
  Object.assign(view, keepsPage ? {} : { page: "1" }, changes);
  if (view.clip !== "" && !("clip" in changes) && !matcher()(Number(view.clip))) view.clip = "";
  const wanted = address();
  if (wanted !== location.hash && !(wanted === "#" && !location.hash)) {
    history[isStep ? "pushState" : "replaceState"](null, "", wanted);
  }
  refresh();
}

/** What is kept between visits under a key, or null; a browser may refuse it to a file. */
function stored(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

function store(key, value) {
  try { localStorage.setItem(key, value); } catch { /* it lasts as long as the page is open */ }
}
