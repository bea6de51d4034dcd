// The map of the collection.

const REACH = 14; // pixels around a point of the map that count as on it

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
