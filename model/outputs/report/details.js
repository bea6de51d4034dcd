// What is shown of one clip on demand.

const TOP_GENRES = 6;
const TIME_MARKS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600];

function titled(title, ...children) {
  return make("section", {}, make("h3", {}, title), ...children);
}

/** The likeliest genres of a clip; of one without a prediction, those of the prior. */
function likeliest(clip) {
  const values = rowData.posteriors[clip].map((units) => units * rowData.unit);
  const list = make("ul", { class: "likeliest" });
  for (const genre of largest(values, TOP_GENRES)) {
    list.append(make("li", {}, make("span", { class: `chip g${genre}` }, genres[genre]),
      bar(values[genre], genre), make("span", { class: "number" }, percent(values[genre]))));
  }
  return titled(rowData.predicted[clip] ? "Likeliest genres" : "No prediction: the prior", list);
}

/** Windows of a clip: the seconds at which each starts and ends, and probabilities. */
function windowsOf(clip) {
  return detailData().windows[clip].map(([start, end, ...units]) => ({
    start, end, probabilities: units.map((unit) => unit * rowData.unit),
  }));
}

/** Genres over time above the spectrogram, on one axis of time. */
function chart(clip) {
  const windows = windowsOf(clip);
  const text = detailData().pictures[clip];
  if (!windows.length) return "";
  const first = windows[0].start, last = windows[windows.length - 1].end;
  const plot = make("div", { class: "plot", "data-clip": clip, "data-first": first, "data-last": last },
    strip(windows, genres));
  const hertz = make("div", { class: "hertz", "aria-hidden": "true" });
  if (text) {
    const label = `Mel spectrogram of ${called(clip)}: time to the right, low tones at the bottom`;
    plot.append(spectrogram(text, label));
    for (const [height, mark] of detailData().marks) {
      const place = make("span", {}, mark);
      place.style.bottom = `calc(13rem * ${height})`;
      hertz.append(place);
    }
  }
  plot.append(make("div", { class: "playhead", hidden: "" }));
  plot.addEventListener("click", (event) => {
    const box = plot.getBoundingClientRect();
    play(clip, first + ((event.clientX - box.left) / box.width) * (last - first));
  });
  const list = make("ol", { class: "unseen" });
  for (const { start, end, probabilities } of windows) {
    const names = largest(probabilities, 2).map((genre) => `${genres[genre]} ${percent(probabilities[genre])}`);
    list.append(make("li", {}, `${clock(start)} to ${clock(end)}: ${names.join(", ")}`));
  }
  return make("section", { class: "over-time" }, make("h3", {}, "Genres over time"),
    make("div", { class: "chart" }, hertz, plot, timeAxis(first, last)), list);
}

function timeAxis(first, last) {
  const axis = make("div", { class: "times", "aria-hidden": "true" });
  const most = matchMedia(PHONE).matches ? 4 : 8;
  const step = TIME_MARKS.find((mark) => (last - first) / mark <= most) ?? 7200;
  const inner = [];
  for (let second = Math.ceil(first / step) * step; second < last; second += step) {
    if (second - first > 0.6 * step && last - second > 0.6 * step) inner.push(second);
  }
  for (const second of [first, ...inner, last]) {
    const mark = make("span", {}, clock(second));
    mark.style.left = `${(100 * (second - first)) / (last - first)}%`;
    axis.append(mark);
  }
  return axis;
}

/** Problems and peculiarities in words. */
function remarks(clip) {
  const list = make("ul", {});
  for (const [reason, detail] of rowData.notices[clip]) {
    list.append(make("li", {}, rowData.meanings[reason], detail ? ": " : "", make("bdi", {}, detail)));
  }
  return list.childElementCount ? titled("Remarks", list) : "";
}

function similar(clip) {
  const list = make("ul", { class: "similar" });
  for (const other of detailData().similar[clip] ?? []) {
    list.append(make("li", {}, make("button", { type: "button", "data-open": other },
      make("bdi", {}, called(other)), " ", make("span", { class: `chip quiet g${firstGenre[other]}` }, genres[firstGenre[other]]))));
  }
  return list.childElementCount ? titled("Similar clips", list) : "";
}

/** Where the reader says what the right genre is. */
function correction(clip) {
  const choice = make("select", { "data-correct": clip, "aria-label": `Right genre of ${called(clip)}` },
    make("option", { value: "" }, "as predicted"));
  genres.forEach((genre, index) => choice.append(make("option", { value: index }, genre)));
  const truth = rowData.truth[clip] ?? -1;
  choice.value = corrections.get(clip) ?? (truth < 0 ? "" : truth);
  return titled("Right genre", choice);
}

/** Everything that is known of a clip. */
function details(clip) {
  return make("div", { class: "details" },
    make("div", {}, chart(clip), remarks(clip),
      make("p", { class: "quiet path" }, make("bdi", {}, detailData().paths[clip]))),
    make("div", {}, likeliest(clip), correction(clip), similar(clip)));
}
