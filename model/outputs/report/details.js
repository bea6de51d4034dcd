// What is shown of one clip on demand.

const TOP_GENRES = 5;
const STRIP_GENRES = 4;

function read(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

/** A value that is made when it is first asked for. */
function late(source) {
  let made;
  return () => (made ??= source());
}

const rowData = read("row-data");
const detailData = late(() => read("detail-data"));
const soundData = late(() => read("sound-data"));

function section(title, ...children) {
  return make("div", { class: "part" }, make("h3", {}, title), ...children);
}

/** The likeliest genres of a clip; of one without a prediction, those of the prior. */
function genreBars(clip) {
  const values = detailData().posteriors[clip].map((units) => units * rowData.unit);
  const body = make("tbody", {});
  for (const genre of largest(values, TOP_GENRES)) {
    body.append(make("tr", {},
      make("th", { scope: "row" }, rowData.genres[genre]),
      make("td", { class: "number" }, percent(values[genre])),
      make("td", { class: "wide" }, bar(values[genre]))));
  }
  const title = rowData.predicted[clip] ? "Likeliest genres" : "No prediction: the prior";
  return section(title, make("table", { class: "plain", "aria-label": title }, body));
}

function genreOverTime(clip) {
  const seconds = detailData().windowSeconds;
  const windows = detailData().windows[clip].map(([start, ...units]) => ({
    start, probabilities: units.map((unit) => unit * rowData.unit),
  }));
  if (!windows.length) return "";
  const means = rowData.genres.map((_, genre) =>
    windows.reduce((sum, { probabilities }) => sum + probabilities[genre], 0) / windows.length);
  const shown = largest(means, STRIP_GENRES);
  const legend = make("ul", { class: "legend", "aria-hidden": "true" });
  shown.forEach((genre, rank) => legend.append(
    make("li", {}, make("span", { class: `key rank${rank}` }), rowData.genres[genre])));
  legend.append(make("li", {}, make("span", { class: "key others" }), "others"));
  const list = make("ol", { class: "windows" });
  for (const { start, probabilities } of windows) {
    const names = largest(probabilities, 2).map((genre) =>
      `${rowData.genres[genre]} ${percent(probabilities[genre])}`);
    list.append(make("li", {}, `${Math.round(start)} to ${Math.round(start + seconds)} s: ${names.join(", ")}`));
  }
  return section("Genre over time", strip(windows, seconds, shown), legend, list);
}

function picture(clip) {
  const text = detailData().pictures[clip];
  if (!text) return "";
  const label = `Mel spectrogram of ${rowData.names[clip]}: time to the right, low tones at the bottom`;
  return section("Spectrogram", spectrogram(text, label));
}

function player(clip) {
  const source = soundData()[clip] || detailData().locations[clip];
  const audio = make("audio", {
    controls: "", preload: "none", src: source, "aria-label": `Play ${rowData.names[clip]}`,
  });
  const [first] = detailData().windows[clip];
  if (first) audio.addEventListener("loadedmetadata", () => { [audio.currentTime] = first; }, { once: true });
  const trouble = make("p", { class: "trouble", role: "status" });
  audio.addEventListener("error", () => {
    trouble.textContent = "It cannot be played: the file is not where it was, or this browser does not know its format.";
  });
  return section("Listen", audio, trouble,
    make("p", { class: "quiet path" }, make("bdi", {}, detailData().paths[clip])));
}

function remarks(clip) {
  const list = make("ul", {});
  for (const [reason, detail] of rowData.notices[clip]) {
    list.append(make("li", {}, make("code", {}, reason), " ", make("bdi", {}, detail)));
  }
  return list.childElementCount ? section("Remarks", list) : "";
}

/** Everything that is known of a clip. */
function details(clip) {
  return make("div", { class: "details" },
    genreBars(clip), genreOverTime(clip), picture(clip), player(clip), remarks(clip));
}
