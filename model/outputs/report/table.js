// The table: sorted, filtered, and shown a page at a time, so that its length costs little.

const PAGE = 100;
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
let pageSize = PAGE;

const COMPARISONS = {
  name: (a, b) => rank()[a] - rank()[b],
  genre: (a, b) => rowData.predicted[b] - rowData.predicted[a]
    || firstGenre[a] - firstGenre[b] || firstUnits[b] - firstUnits[a],
  top: (a, b) => rowData.predicted[b] - rowData.predicted[a] || firstUnits[a] - firstUnits[b],
  miss: (a, b) => rightness(a) - rightness(b),
  problem: (a, b) => Number(!problemText(a)) - Number(!problemText(b))
    || collator.compare(problemText(a), problemText(b)),
};

/** Clips that have nothing in a column; they are last in either order. */
const IS_EMPTY = {
  name: () => false,
  genre: (clip) => !rowData.predicted[clip],
  top: (clip) => !rowData.predicted[clip],
  miss: (clip) => rightness(clip) > 1,
  problem: (clip) => !problemText(clip),
};

/** Columns whose largest values are wanted first. */
const LARGEST_FIRST = new Set(["top"]);

/** Probability of the right genre; 2 where it is not known, so that such clips are last. */
function rightness(clip) {
  const truth = rowData.truth[clip] ?? -1;
  return truth < 0 || !rowData.predicted[clip] ? 2 : rowData.posteriors[clip][truth] * rowData.unit;
}

/** Places of the clips in the order of their names, in which "9" is before "10". */
const rank = late(() => {
  const places = new Uint32Array(count);
  const order = [...rowData.names.keys()];
  const shown = order.map(called);
  order.sort((a, b) => collator.compare(shown[a], shown[b]) || a - b);
  order.forEach((clip, place) => { places[clip] = place; });
  return places;
});

const sorted = {};

/** All clips in the wanted order. */
function ordered() {
  const isReverse = view.sort.startsWith("-");
  const column = view.sort.replace(/^-/, "");
  sorted[column] ??= [...rowData.names.keys()].sort((a, b) => COMPARISONS[column](a, b) || rank()[a] - rank()[b]);
  if (!isReverse) return sorted[column];
  const filled = sorted[column].filter((clip) => !IS_EMPTY[column](clip));
  return [...filled.reverse(), ...sorted[column].slice(filled.length)];
}

function matching() {
  return ordered().filter(matcher());
}

function songCell(clip) {
  const open = view.clip === String(clip);
  const title = rowData.titles[clip], artist = rowData.artists[clip];
  const text = make("span", {}, make("bdi", { class: "name" }, called(clip)));
  if (title || artist) {
    text.append(make("span", { class: "by" }, [artist, title ? rowData.names[clip] : ""].filter(Boolean).join(" · ")));
  }
  const button = make("button", { type: "button", class: "song", "aria-expanded": open, "data-row": clip });
  if (rowData.covers[clip]) button.append(make("img", { src: rowData.covers[clip], alt: "" }));
  button.append(text);
  if (open) button.setAttribute("aria-controls", `details-${clip}`);
  return make("th", { scope: "row", role: "rowheader" }, button);
}

function row(clip) {
  const values = rowData.posteriors[clip].map((units) => units * rowData.unit);
  const isPredicted = rowData.predicted[clip], first = firstGenre[clip];
  const cell = (attributes, ...children) => make("td", { role: "cell", ...attributes }, ...children);
  const cells = [
    cell({ class: "play" }, make("button", { type: "button", "data-play": clip }, "▶")),
    songCell(clip),
    cell({}, isPredicted ? make("span", { class: `chip g${first}` }, genres[first]) : "no prediction",
      ...(corrections.has(clip) ? [make("span", { class: "corrected" }, `✎ ${genres[corrections.get(clip)]}`)] : [])),
    cell({ class: "number" }, isPredicted ? percent(values[first]) : "–"),
    cell({ class: "wide" }, ...(isPredicted ? [segments(values, genres), second(values)] : [])),
  ];
  if (rowData.truth.length) {
    const truth = rowData.truth[clip];
    cells.push(cell({ class: `wide${isMissed(clip) ? " missed" : ""}` },
      truth < 0 ? "" : `${isMissed(clip) ? "✗ " : "✓ "}${genres[truth]}`));
  }
  if (part("table").querySelector("[data-sort=problem]")) cells.push(cell({ class: "quiet wide" }, problemText(clip)));
  return make("tr", { role: "row", "data-clip": clip }, ...cells);
}

function second(values) {
  const [, genre] = largest(values, 2);
  return make("span", { class: "second quiet" }, `then ${genres[genre]} ${percent(values[genre])}`);
}

function detailsRow(clip) {
  const columns = part("table").querySelectorAll("thead tr > *").length;
  return make("tr", { role: "row", id: `details-${clip}`, class: "opened", "data-clip": clip },
    make("td", { role: "cell", colspan: columns }, details(clip)));
}

/** Show the clips that match, on the wanted page. */
function showRows() {
  const found = matching(), pages = Math.max(1, Math.ceil(found.length / pageSize));
  const page = Math.min(Math.max(1, Math.round(Number(view.page)) || 1), pages);
  const first = (page - 1) * pageSize;
  const visible = found.slice(first, first + pageSize);
  const focused = focusedPart();
  part("rows").replaceChildren(...visible.flatMap((clip) =>
    view.clip === String(clip) ? [row(clip), detailsRow(clip)] : [row(clip)]));
  const plain = (number) => number.toLocaleString("en");
  const range = pages > 1 ? `${plain(first + 1)} to ${plain(first + visible.length)} of ` : "";
  const all = found.length < count ? `, out of ${plain(count)}` : "";
  part("status").textContent = found.length
    ? `${range}${plain(found.length)} ${found.length === 1 ? "clip" : "clips"} shown${all}`
    : count ? `None of ${plain(count)} clips matches.` : "There are no clips.";
  part("page").value = page;
  part("page").max = pages;
  part("pages").textContent = `of ${plain(pages)}`;
  if (page === (document.activeElement === part("next") ? pages : document.activeElement === part("previous") ? 1 : 0)) {
    part("page").focus({ preventScroll: true }); // a button that is disabled loses the focus
  }
  part("previous").disabled = page === 1;
  part("next").disabled = page === pages;
  document.querySelector(".pager").hidden = pages === 1;
  for (const button of document.querySelectorAll("[data-sort]")) {
    const head = button.closest("th");
    if (button.dataset.sort !== view.sort.replace(/^-/, "")) head.removeAttribute("aria-sort");
    else head.setAttribute("aria-sort", view.sort.startsWith("-") ? "descending" : "ascending");
  }
  focused?.();
  markPlaying(found);
}

/** A function that gives the focus back to the part of a row that has it now, if one has. */
function focusedPart() {
  const element = document.activeElement, clip = element?.closest("#rows tr")?.dataset.clip;
  if (clip === undefined) return null;
  const [[name, value] = ["row", clip]] = Object.entries(element.dataset);
  const find = (key, wanted) => part("rows").querySelector(`[data-${key}="${wanted}"]`);
  return () => (find(name, value) ?? find("row", clip) ?? part("search")).focus({ preventScroll: true });
}

function sortBy(column) {
  const ascending = column, descending = `-${column}`;
  const first = LARGEST_FIRST.has(column) ? descending : ascending;
  choose({ sort: view.sort === first ? (first === ascending ? descending : ascending) : first });
}

/** Open or close a clip, whose row stays where it is on the screen. */
function toggle(clip) {
  const top = () => document.querySelector(`[data-row="${clip}"]`)?.getBoundingClientRect().top ?? 0;
  const before = top();
  choose({ clip: view.clip === String(clip) ? "" : String(clip) });
  scrollBy(0, top() - before);
}

/** Show another page of the table, from its first row on. */
function turnTo(page) {
  choose({ page: String(page) });
  part("search").form.scrollIntoView();
}

/** Number of the page on which a clip stands, or 0. */
function pageOf(clip) {
  return Math.floor(matching().indexOf(clip) / pageSize) + 1;
}

/** Open one clip wherever it is; choices that would hide it are taken back. */
function openClip(clip) {
  const isHidden = !matcher()(clip);
  if (isHidden) Object.assign(view, { q: "", ...Object.fromEntries(FILTERS.map((key) => [key, ""])) });
  choose({ clip: String(clip), page: String(pageOf(clip)) });
  if (isHidden) part("status").textContent += "; the filters that hid it are off";
  reveal(clip);
}

function reveal(clip) {
  const button = document.querySelector(`[data-row="${clip}"]`);
  button?.focus({ preventScroll: true });
  button?.closest("tr").scrollIntoView({ block: "start" });
}

function listenToTable() {
  const search = part("search");
  search.addEventListener("input", () => choose({ q: search.value }, false));
  search.form.addEventListener("submit", (event) => event.preventDefault());
  part("previous").addEventListener("click", () => turnTo(Number(part("page").value) - 1));
  part("next").addEventListener("click", () => turnTo(Number(part("page").value) + 1));
  part("page").addEventListener("change", () => turnTo(part("page").value));
  part("rows").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.row) toggle(Number(button.dataset.row));
    if (button.dataset.play) playOrPause(Number(button.dataset.play));
    if (button.dataset.open) openClip(Number(button.dataset.open));
  });
  for (const button of document.querySelectorAll("[data-sort]")) {
    button.addEventListener("click", () => sortBy(button.dataset.sort));
  }
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.target === part("search")) return;
    if (view.clip !== "") toggle(Number(view.clip));
    else if (playing.clip !== null) closePlayer();
  });
  addEventListener("beforeprint", () => { pageSize = Math.max(1, count); showRows(); });
  addEventListener("afterprint", () => { pageSize = PAGE; showRows(); });
  listeners.push(showRows);
}
