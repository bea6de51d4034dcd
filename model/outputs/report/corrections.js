// Right genres that the reader chooses, and their file.

/** Where corrections are kept between visits. */
const STORE = `corrections ${location.pathname}`;

/** Kept corrections as pairs of id and genre; the report may have been written anew since. */
function keptCorrections() {
  try { return new Map(JSON.parse(stored(STORE) ?? "[]")); } catch { return new Map(); }
}

const idOf = (clip) => rowData.ids[clip] ?? rowData.names[clip];

function loadCorrections() {
  const kept = keptCorrections();
  corrections.clear();
  if (!kept.size) return;
  rowData.names.forEach((_, clip) => {
    const genre = genres.indexOf(kept.get(idOf(clip)));
    if (genre >= 0) corrections.set(clip, genre);
  });
}

/** Note the right genre of a clip, beside what another window of this page has noted meanwhile. */
function correct(clip, value) {
  const kept = keptCorrections();
  if (value === "" || Number(value) === rowData.truth[clip]) {
    corrections.delete(clip);
    kept.delete(idOf(clip));
  } else {
    corrections.set(clip, Number(value));
    kept.set(idOf(clip), genres[value]);
  }
  store(STORE, JSON.stringify([...kept]));
  refresh();
}

function csvField(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Corrections in the form that --truth reads. */
function exportCorrections() {
  const lines = [...corrections].sort(([a], [b]) => a - b)
    .map(([clip, genre]) => `${csvField(idOf(clip))},${csvField(genres[genre])}\n`);
  const file = new Blob(["file_id,genre\n", ...lines], { type: "text/csv" });
  const link = make("a", { href: URL.createObjectURL(file), download: "corrections.csv" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href));
}

function listenToCorrections() {
  part("rows").addEventListener("change", (event) => {
    const clip = event.target.dataset.correct;
    if (clip !== undefined) correct(Number(clip), event.target.value);
  });
  part("export").addEventListener("click", exportCorrections);
  addEventListener("storage", () => { loadCorrections(); refresh(); });
}
