// Charts that filter, the map, corrections, and the theme.

const REACH = 14; // pixels around a point of the map that count as on it
const THEMES = { system: "light dark", light: "light", dark: "dark" };

/** Show which filters are on, in the charts and beside the search. */
function showFilters() {
  for (const button of document.querySelectorAll(".filter")) {
    button.setAttribute("aria-pressed", view[button.dataset.key] === button.dataset.value);
  }
  if (part("search").value !== view.q) part("search").value = view.q;
  part("active").replaceChildren(...FILTERS.filter((key) => view[key] !== "").map((key) =>
    make("button", { type: "button", "data-clear": key, "aria-label": `Remove the filter ${IN_WORDS[key](view[key])}` },
      `${IN_WORDS[key](view[key])} ✕`)));
  part("corrected").hidden = part("export").hidden = corrections.size === 0;
  part("export").textContent = `Save ${corrections.size} ${corrections.size === 1 ? "correction" : "corrections"}`;
}

function toggleFilter(key, value) {
  const isOn = view[key] === value;
  const order = key === "only" && value === "missed" ? { sort: isOn ? DEFAULTS.sort : "miss" } : {};
  choose({ [key]: isOn ? "" : value, ...order });
  part("search").form.scrollIntoView({ block: "nearest" }); // where the number of clips stands
}

/** Points of the map in pixels of its canvas. */
function points() {
  const { clientWidth: width, clientHeight: height } = part("map"), edge = 10;
  return rowData.places.map(([x, y]) => [
    edge + (x / 1000) * (width - 2 * edge), height - edge - (y / 1000) * (height - 2 * edge),
  ]);
}

function drawMap() {
  const canvas = part("map");
  if (!rowData.mapped.length || !canvas || !canvas.clientWidth) return;
  const scale = devicePixelRatio || 1, passes = matcher();
  canvas.width = canvas.clientWidth * scale;
  canvas.height = canvas.clientHeight * scale;
  const context = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
  const colours = genres.map((_, genre) => style.getPropertyValue(`--g${genre}`));
  const radius = rowData.mapped.length > 2000 ? 2 : rowData.mapped.length > 300 ? 3.5 : 5.5;
  context.scale(scale, scale);
  const places = points();
  for (const isOn of [false, true]) {
    rowData.mapped.forEach((clip, index) => {
      if (Boolean(passes(clip)) !== isOn) return;
      context.globalAlpha = isOn ? 0.9 : 0.12;
      context.fillStyle = colours[firstGenre[clip]];
      context.beginPath();
      context.arc(...places[index], radius, 0, 2 * Math.PI);
      context.fill();
      if (String(clip) === view.clip) {
        context.globalAlpha = 1;
        context.strokeStyle = getComputedStyle(canvas).color;
        context.lineWidth = 2.5;
        context.stroke();
      }
    });
  }
}

/** The clip at a place of the map, or undefined. */
function clipAt(event) {
  const box = part("map").getBoundingClientRect(), passes = matcher();
  const x = event.clientX - box.left, y = event.clientY - box.top;
  let best, nearest = REACH;
  points().forEach(([left, top], index) => {
    const distance = Math.hypot(left - x, top - y);
    if (distance < nearest && passes(rowData.mapped[index])) [best, nearest] = [rowData.mapped[index], distance];
  });
  return best;
}

function showTip(event) {
  const tip = part("tip"), clip = clipAt(event);
  tip.hidden = clip === undefined;
  if (clip === undefined) return;
  tip.textContent = `${called(clip)}: ${genres[firstGenre[clip]]} ${percent(firstUnits[clip] / UNITS)}`;
  const box = part("map").getBoundingClientRect(), x = event.clientX - box.left;
  const isRight = x > box.width / 2;
  tip.style.left = isRight ? "auto" : `${x + 12}px`;
  tip.style.right = isRight ? `${box.width - x + 12}px` : "auto";
  tip.style.top = `${event.clientY - box.top}px`;
}

function listenToMap() {
  if (!rowData.mapped.length) return;
  part("map-part").hidden = false;
  part("map").addEventListener("pointermove", showTip);
  part("map").addEventListener("pointerleave", () => { part("tip").hidden = true; });
  part("map").addEventListener("click", (event) => {
    const clip = clipAt(event);
    if (clip !== undefined) openClip(clip);
  });
  addEventListener("resize", drawMap);
  part("overview").addEventListener("toggle", drawMap);
  listeners.push(drawMap);
}

/** Where choices are kept between visits; a browser may refuse it to a file. */
const STORE = `corrections ${location.pathname}`;
const THEME_STORE = "theme";

function stored(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

function store(key, value) {
  try { localStorage.setItem(key, value); } catch { /* it lasts as long as the page is open */ }
}

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

function showTheme(name) {
  part("theme").dataset.theme = name;
  part("theme").textContent = `Theme: ${name}`;
  document.documentElement.style.colorScheme = THEMES[name];
  drawMap();
}

function nextTheme() {
  const names = Object.keys(THEMES), now = names.indexOf(part("theme").dataset.theme);
  const name = names[(now + 1) % names.length];
  store(THEME_STORE, name);
  showTheme(name);
}

/** The skip link must not change the address, in which the choices stand. */
function skipToTable(event) {
  event.preventDefault();
  part("songs").focus({ preventScroll: true });
  part("search").form.scrollIntoView();
}

function listenToOverview() {
  for (const button of document.querySelectorAll(".filter")) {
    button.addEventListener("click", () => toggleFilter(button.dataset.key, button.dataset.value));
  }
  part("active").addEventListener("click", (event) => {
    const key = event.target.closest("button")?.dataset.clear;
    if (key) { toggleFilter(key, view[key]); part("search").focus(); }
  });
  part("rows").addEventListener("change", (event) => {
    const clip = event.target.dataset.correct;
    if (clip !== undefined) correct(Number(clip), event.target.value);
  });
  part("export").addEventListener("click", exportCorrections);
  addEventListener("storage", () => { loadCorrections(); refresh(); });
  document.querySelector(".skip").addEventListener("click", skipToTable);
  part("theme").hidden = false;
  showTheme(Object.hasOwn(THEMES, stored(THEME_STORE)) ? stored(THEME_STORE) : "system");
  part("theme").addEventListener("click", nextTheme);
  if (matchMedia(NARROW).matches) part("overview").open = false;
  listeners.push(showFilters);
}
