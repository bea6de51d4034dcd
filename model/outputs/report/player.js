// The player at the bottom of the page: one clip at a time.

const playing = { clip: null };

/** Second of the file at which the analysed part of a clip starts. */
function excerptStart(clip) {
  return detailData().windows[clip][0]?.[0] ?? 0;
}

/** Play a clip from a second of its file, by default from where the analysed part starts. */
function play(clip, second = excerptStart(clip)) {
  const audio = part("audio");
  if (playing.clip !== clip) {
    playing.clip = clip;
    part("trouble").textContent = "";
    part("now").textContent = [called(clip), rowData.artists[clip]].filter(Boolean).join(" – ");
    part("player").hidden = false;
    audio.src = soundData()[clip] || detailData().locations[clip];
  }
  if (audio.readyState > 0) audio.currentTime = second;
  else audio.addEventListener("loadedmetadata", () => { audio.currentTime = second; }, { once: true });
  audio.play().catch(() => {}); // the event "error" says it
  markPlaying();
}

function playOrPause(clip) {
  const audio = part("audio");
  if (playing.clip !== clip) play(clip);
  else if (audio.paused) audio.play().catch(() => {});
  else audio.pause();
}

function closePlayer() {
  part("audio").pause();
  part("player").hidden = true;
  const button = document.querySelector(`[data-play="${playing.clip}"]`);
  playing.clip = null;
  markPlaying();
  (button ?? part("search")).focus();
}

/** Play the clip that stands some places further in the table. */
function playNext(step) {
  const found = matching(), place = found.indexOf(playing.clip) + step;
  if (found[place] !== undefined) play(found[place]);
}

/** Mark the clip that plays in the rows, which are those of the clips that match. */
function markPlaying(found = matching()) {
  const isPlaying = !part("audio").paused, place = found.indexOf(playing.clip);
  part("back").disabled = place < 1;
  part("forward").disabled = place < 0 || place === found.length - 1;
  for (const row of part("rows").children) row.classList.toggle("playing", Number(row.dataset.clip) === playing.clip);
  for (const button of document.querySelectorAll("[data-play]")) {
    const clip = Number(button.dataset.play), isThis = clip === playing.clip && isPlaying;
    button.textContent = isThis ? "❚❚" : "▶";
    button.setAttribute("aria-label", `${isThis ? "Pause" : "Play"} ${called(clip)}`);
  }
  movePlayhead();
}

/** Put the line in the open charts where the sound is. */
function movePlayhead() {
  for (const plot of document.querySelectorAll(".plot")) {
    const { clip, first, last } = plot.dataset, second = part("audio").currentTime;
    const head = plot.querySelector(".playhead");
    head.hidden = Number(clip) !== playing.clip || second < Number(first) || second > Number(last);
    head.style.left = `${(100 * (second - first)) / (last - first)}%`;
  }
}

function listenToPlayer() {
  const audio = part("audio");
  for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, () => markPlaying());
  part("now").addEventListener("click", () => openClip(playing.clip));
  audio.addEventListener("timeupdate", movePlayhead);
  audio.addEventListener("seeked", movePlayhead);
  audio.addEventListener("error", () => {
    if (playing.clip === null) return;
    part("trouble").textContent = "It cannot be played: the file is not where it was, or this browser does not know its format.";
  });
  part("back").addEventListener("click", () => playNext(-1));
  part("forward").addEventListener("click", () => playNext(1));
  part("close").addEventListener("click", closePlayer);
}
