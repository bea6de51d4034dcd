"use strict";
// Small pictures. Text of any kind enters the page as text nodes and attributes, never as markup.

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "rect"]);

/** An element with attributes; children are elements or texts. */
function make(tag, attributes, ...children) {
  const element = SVG_TAGS.has(tag)
    ? document.createElementNS(SVG, tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A probability for people, never rounded to certainty; as `percent` of summary.py. */
function percent(probability) {
  if (probability < 0.01) return "<1%";
  return probability > 0.99 ? ">99%" : `${Math.round(100 * probability)}%`;
}

/** Indices of the largest values, the largest first. */
function largest(values, count) {
  const order = [...values.keys()].sort((a, b) => values[b] - values[a] || a - b);
  return order.slice(0, count);
}

/** A bar of a share from 0 to 1. */
function bar(share) {
  const box = { class: "bar", "aria-hidden": "true", viewBox: "0 0 100 10", preserveAspectRatio: "none" };
  return make("svg", box, make("rect", { width: 100 * share, height: 10 }));
}

/** Dark to bright, as red, green and blue; between them straight lines. */
const COLOURS = [[0, 0, 4], [80, 18, 123], [182, 54, 121], [251, 136, 97], [252, 253, 191]];
const LEVELS = 15;

function colour(level) {
  const place = (level / LEVELS) * (COLOURS.length - 1);
  const below = Math.min(Math.floor(place), COLOURS.length - 2);
  return COLOURS[below].map((low, channel) =>
    Math.round(low + (place - below) * (COLOURS[below + 1][channel] - low)));
}

/** A canvas from a thumbnail as `encoded` of pictures.py makes it. */
function spectrogram(text, label) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const [bands, columns] = bytes;
  const canvas = make("canvas", { width: columns, height: bands, role: "img", "aria-label": label });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, bands);
  const palette = Array.from({ length: LEVELS + 1 }, (_, level) => colour(level));
  for (let point = 0; point < bands * columns; point += 1) {
    const pair = bytes[2 + (point >> 1)];
    const row = bands - 1 - Math.floor(point / columns);
    const [red, green, blue] = palette[point % 2 ? pair & 15 : pair >> 4];
    image.data.set([red, green, blue, 255], 4 * (row * columns + (point % columns)));
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/**
 * Shares of some genres over time, one column a window. The numbers stand beside it as a list, so
 * that it is hidden from screen readers.
 */
function strip(windows, seconds, shown) {
  const first = windows[0].start, total = windows[windows.length - 1].start + seconds;
  const viewBox = `${first} 0 ${total - first} 100`;
  const box = { class: "strip", "aria-hidden": "true", viewBox, preserveAspectRatio: "none" };
  const picture = make("svg", box);
  windows.forEach(({ start, probabilities }, place) => {
    const end = place + 1 < windows.length ? windows[place + 1].start : total;
    const width = Math.max(0, Math.min(seconds, end - start));
    let bottom = 100;
    shown.forEach((genre, rank) => {
      const height = 100 * probabilities[genre];
      bottom -= height;
      picture.append(make("rect", { class: `rank${rank}`, x: start, y: bottom, width, height }));
    });
    picture.append(make("rect", { class: "others", x: start, y: 0, width, height: Math.max(0, bottom) }));
  });
  return picture;
}
