"use strict";
// Elements and small pictures. Text of any kind enters the page as text nodes and attributes, never
// as markup.

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "rect", "title"]);

/** An element with attributes; children are elements or texts. */
function make(tag, attributes, ...children) {
  const element = SVG_TAGS.has(tag)
    ? document.createElementNS(SVG, tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A value that is made when it is first asked for. */
function late(source) {
  let made;
  return () => (made ??= source());
}

/** A probability for people, never rounded to certainty; as `percent` of summary.py. */
function percent(probability) {
  if (probability < 0.01) return "<1%";
  return probability > 0.99 ? ">99%" : `${Math.round(100 * probability)}%`;
}

/** Seconds as minutes and seconds. */
function clock(seconds) {
  const whole = Math.round(seconds), minutes = Math.floor(whole / 60) % 60;
  const two = (number) => String(number).padStart(2, "0");
  return whole < 3600 ? `${minutes}:${two(whole % 60)}`
    : `${Math.floor(whole / 3600)}:${two(minutes)}:${two(whole % 60)}`;
}

/** Indices of the largest values, the largest first. */
function largest(values, count) {
  const order = [...values.keys()].sort((a, b) => values[b] - values[a] || a - b);
  return order.slice(0, count);
}

/** A bar of a share from 0 to 1 in a genre's colour. */
function bar(share, genre) {
  const box = { class: `bar g${genre}`, "aria-hidden": "true", viewBox: "0 0 100 10", preserveAspectRatio: "none" };
  return make("svg", box, make("rect", { width: 100 * share, height: 10 }));
}

const LEAST_SEEN = 0.4; // percent of a bar that is a pixel wide

/** All genres of a clip side by side, as wide as they are probable, the widest first. */
function segments(values, genres) {
  const order = largest(values, values.length);
  const total = values.reduce((sum, value) => sum + value, 0) || 1;
  const text = order.slice(0, 3).map((genre) => `${genres[genre]} ${percent(values[genre] / total)}`).join(", ");
  const box = { class: "segments", role: "img", "aria-label": text, viewBox: "0 0 100 10", preserveAspectRatio: "none" };
  const picture = make("svg", box);
  let left = 0;
  for (const genre of order) {
    const width = (100 * values[genre]) / total;
    if (width < LEAST_SEEN) break;
    const title = make("title", {}, `${genres[genre]} ${percent(values[genre] / total)}`);
    picture.append(make("rect", { class: `g${genre}`, x: left.toFixed(2), width: width.toFixed(2), height: 10 }, title));
    left += width;
  }
  return picture;
}

/** Dark to bright, as red, green and blue; between them straight lines. */
const SHADES = [[0, 0, 4], [80, 18, 123], [182, 54, 121], [251, 136, 97], [252, 253, 191]];
const LEVELS = 15;

function shade(level) {
  const place = (level / LEVELS) * (SHADES.length - 1);
  const below = Math.min(Math.floor(place), SHADES.length - 2);
  return SHADES[below].map((low, channel) =>
    Math.round(low + (place - below) * (SHADES[below + 1][channel] - low)));
}

/** A canvas from a picture as `encoded` of thumbnails.py makes it. */
function spectrogram(text, label) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const bands = bytes[0] + 256 * bytes[1], columns = bytes[2] + 256 * bytes[3];
  const canvas = make("canvas", { class: "spectrogram", width: columns, height: bands, role: "img", "aria-label": label });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, bands);
  const palette = Array.from({ length: LEVELS + 1 }, (_, level) => shade(level));
  for (let point = 0; point < bands * columns; point += 1) {
    const pair = bytes[4 + (point >> 1)];
    const row = bands - 1 - Math.floor(point / columns);
    const [red, green, blue] = palette[point % 2 ? pair & 15 : pair >> 4];
    image.data.set([red, green, blue, 255], 4 * (row * columns + (point % columns)));
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

const LEAST_SHOWN = 0.01;

/**
 * Probabilities of all genres over time, one column a window. The numbers stand beside it as a list,
 * so that it is hidden from screen readers.
 */
function strip(windows, genres) {
  const first = windows[0].start, total = windows[windows.length - 1].end;
  const viewBox = `${first} 0 ${total - first} 100`;
  const picture = make("svg", { class: "strip", "aria-hidden": "true", viewBox, preserveAspectRatio: "none" });
  windows.forEach(({ start, end, probabilities }, place) => {
    const next = place + 1 < windows.length ? windows[place + 1].start : total;
    const width = Math.max(0, Math.min(end, next) - start);
    let top = 0;
    probabilities.forEach((probability, genre) => {
      if (probability < LEAST_SHOWN) return;
      const title = make("title", {}, `${clock(start)}: ${genres[genre]} ${percent(probability)}`);
      picture.append(make("rect", { class: `g${genre}`, x: start, y: top, width, height: 100 * probability }, title));
      top += 100 * probability;
    });
  });
  return picture;
}
