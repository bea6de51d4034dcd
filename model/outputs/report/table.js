// The table: sorted, searched, and shown a page at a time, so that its length costs little.

const PAGE = 100;
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const view = { sort: "name", descending: false, words: [], show: "all", page: 0, open: new Set() };
const part = (id) => document.getElementById(id);

const COMPARISONS = {
  name: (a, b) => rank()[a] - rank()[b],
  genre: (a, b) => rowData.predicted[b] - rowData.predicted[a]
    || rowData.topGenres[a] - rowData.topGenres[b] || rowData.tops[b] - rowData.tops[a],
  top: (a, b) => rowData.predicted[a] - rowData.predicted[b] || rowData.tops[a] - rowData.tops[b],
  problem: (a, b) => Number(!reasons(a)) - Number(!reasons(b)) || compareTexts(reasons(a), reasons(b)),
};

/** Columns whose largest values are wanted first. */
const LARGEST_FIRST = new Set(["top"]);

function compareTexts(a, b) {
  return a < b ? -1 : Number(a > b);
}

function reasons(clip) {
  return rowData.notices[clip].map(([reason]) => reason).join(" ");
}

/** Places of the clips in the order of their names, in which "9" is before "10". */
const rank = late(() => {
  const places = new Uint32Array(rowData.names.length);
  const order = [...rowData.names.keys()];
  order.sort((a, b) => collator.compare(rowData.names[a], rowData.names[b]) || a - b);
  order.forEach((clip, place) => { places[clip] = place; });
  return places;
});

/** Each clip's text to search in. */
const haystacks = late(() => rowData.names.map((name, clip) => {
  const genre = rowData.predicted[clip] ? rowData.genres[rowData.topGenres[clip]] : "";
  const notices = rowData.notices[clip].map((notice) => notice.join(" ")).join(" ");
  return `${name}\n${genre}\n${notices}`.normalize().toLowerCase();
}));

const sorted = {};

/** All clips in the wanted order. */
function ordered() {
  sorted[view.sort] ??= [...rowData.names.keys()]
    .sort((a, b) => COMPARISONS[view.sort](a, b) || rank()[a] - rank()[b]);
  return view.descending ? [...sorted[view.sort]].reverse() : sorted[view.sort];
}

function isShown(clip) {
  switch (view.show) {
    case "all": return true;
    case "unsure": return rowData.unsure[clip];
    case "troubled": return rowData.troubled[clip];
    case "unpredicted": return !rowData.predicted[clip];
    default: return view.show === `genre:${rowData.predicted[clip] ? rowData.topGenres[clip] : ""}`
      || rowData.notices[clip].some(([reason]) => view.show === `reason:${reason}`);
  }
}

function matching() {
  const found = view.words.length ? haystacks() : null;
  return ordered().filter((clip) =>
    isShown(clip) && view.words.every((word) => found[clip].includes(word)));
}

function nameCell(clip) {
  const open = view.open.has(clip);
  const button = make("button", {
    type: "button", class: "name", "aria-expanded": open, "data-row": clip,
  }, make("bdi", {}, rowData.names[clip]));
  if (open) button.setAttribute("aria-controls", `details-${clip}`);
  return make("th", { scope: "row", role: "rowheader" }, button);
}

function row(clip) {
  const predicted = rowData.predicted[clip];
  return make("tr", { role: "row" },
    nameCell(clip),
    make("td", { role: "cell" }, predicted ? rowData.genres[rowData.topGenres[clip]] : "no prediction"),
    make("td", { role: "cell", class: "number" }, predicted ? percent(rowData.tops[clip] * rowData.unit) : "–"),
    make("td", { role: "cell", class: "quiet" }, reasons(clip)));
}

function detailsRow(clip) {
  return make("tr", { role: "row", id: `details-${clip}`, class: "opened" },
    make("td", { role: "cell", colspan: 4 }, details(clip)));
}

/** Show the clips that match, on the wanted page. */
function show() {
  const found = matching();
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  view.page = Math.min(Math.max(0, view.page), pages - 1);
  const first = view.page * PAGE;
  const visible = found.slice(first, first + PAGE);
  part("rows").replaceChildren(...visible.flatMap((clip) =>
    view.open.has(clip) ? [row(clip), detailsRow(clip)] : [row(clip)]));
  const all = rowData.names.length.toLocaleString("en");
  part("status").textContent = found.length
    ? `${(first + 1).toLocaleString("en")} to ${(first + visible.length).toLocaleString("en")} of `
      + `${found.length.toLocaleString("en")} clips shown${found.length < rowData.names.length ? `, out of ${all}` : ""}`
    : `None of ${all} clips matches.`;
  part("page").value = view.page + 1;
  part("page").max = pages;
  part("pages").textContent = `of ${pages.toLocaleString("en")}`;
  part("previous").disabled = view.page === 0;
  part("next").disabled = view.page === pages - 1;
}

/** Change what is shown, from the first page on. */
function change(changes) {
  Object.assign(view, { page: 0 }, changes);
  show();
}

function words(text) {
  return text.normalize().toLowerCase().split(/\s+/).filter(Boolean);
}

function sortBy(column) {
  const descending = view.sort === column ? !view.descending : LARGEST_FIRST.has(column);
  change({ sort: column, descending });
  for (const button of document.querySelectorAll("[data-sort]")) {
    const head = button.closest("th");
    if (button.dataset.sort !== view.sort) head.removeAttribute("aria-sort");
    else head.setAttribute("aria-sort", view.descending ? "descending" : "ascending");
  }
}

function toggle(clip) {
  const button = document.querySelector(`[data-row="${clip}"]`);
  const tableRow = button.closest("tr");
  if (view.open.delete(clip)) {
    tableRow.nextElementSibling.remove();
  } else {
    view.open.add(clip);
    tableRow.after(detailsRow(clip));
  }
  button.closest("th").replaceWith(nameCell(clip));
  document.querySelector(`[data-row="${clip}"]`).focus();
}

/** Set search and choice, in the controls as well. */
function narrow(search, choice) {
  part("search").value = search;
  part("show").value = choice;
  change({ words: words(search), show: choice });
}

/** Show one clip with its details, wherever in the table it is. */
function openClip(clip) {
  view.open.add(clip);
  narrow("", "all");
  change({ page: Math.floor(matching().indexOf(clip) / PAGE) });
  const button = document.querySelector(`[data-row="${clip}"]`);
  button.focus();
  button.scrollIntoView({ block: "start" });
}

/** Links from the summary into the table. */
function follow(event) {
  const { clip, show: choice } = event.currentTarget.dataset;
  if (clip !== undefined) {
    event.preventDefault();
    openClip(Number(clip));
  } else {
    narrow("", choice);
    part("clips").focus();
  }
}

function listen() {
  rowData.genres.forEach((genre, index) =>
    part("show-genres").append(make("option", { value: `genre:${index}` }, genre)));
  for (const reason of [...new Set(rowData.notices.flat().map(([reason]) => reason))].sort()) {
    part("show-reasons").append(make("option", { value: `reason:${reason}` }, reason));
  }
  part("search").addEventListener("input", () => change({ words: words(part("search").value) }));
  part("show").addEventListener("change", () => change({ show: part("show").value }));
  part("search").form.addEventListener("submit", (event) => event.preventDefault());
  part("previous").addEventListener("click", () => { view.page -= 1; show(); });
  part("next").addEventListener("click", () => { view.page += 1; show(); });
  part("page").addEventListener("change", () => { view.page = part("page").value - 1; show(); });
  part("rows").addEventListener("click", (event) => {
    const button = event.target.closest("[data-row]");
    if (button) toggle(Number(button.dataset.row));
  });
  for (const button of document.querySelectorAll("[data-sort]")) {
    button.addEventListener("click", () => sortBy(button.dataset.sort));
  }
  for (const link of document.querySelectorAll("[data-clip], [data-show]")) {
    link.addEventListener("click", follow);
  }
}

performance.mark("table-begun");
part("browser").hidden = false;
part("search").value = "";
part("show").value = "all";
listen();
show();
performance.measure("table", "table-begun");
