// Charts that filter, and the theme.

const THEME_STORE = "theme";
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
  document.querySelector(".skip").addEventListener("click", skipToTable);
  part("theme").hidden = false;
  showTheme(Object.hasOwn(THEMES, stored(THEME_STORE)) ? stored(THEME_STORE) : "system");
  part("theme").addEventListener("click", nextTheme);
  if (matchMedia(NARROW).matches) part("overview").open = false;
  listeners.push(showFilters);
}
