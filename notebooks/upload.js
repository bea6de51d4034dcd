// The browser's side of the upload page; uploads.py is Python's side and explains the messages.
const PIECE = 1024 * 1024; // bytes
const PATIENCE = 120_000; // ms until a server that does not answer is given up

function render({ model, el }) {
  el.classList.add("upload");
  el.innerHTML = `
    <label>Audio file <input type="file" accept="audio/*,video/mp4,.mp3,.opus"></label>
    <p role="status"></p>
    <progress max="1" aria-label="Progress" hidden></progress>
    <audio controls hidden></audio>
    <table aria-label="Genres"></table>`;
  const [input, status, progress, audio, table] = ["input", "p", "progress", "audio", "table"].map(
    (name) => el.querySelector(name),
  );
  let file, id, timer;

  function show(text, failed = false) {
    status.textContent = text;
    status.classList.toggle("failed", failed);
  }

  function finish(text, failed) {
    clearTimeout(timer);
    id = undefined;
    progress.hidden = true;
    show(`${file.name}: ${text}`, failed);
    input.value = ""; // so that the same file can be chosen again
  }

  function send(message, pieces) {
    clearTimeout(timer);
    const gone = () => finish("the server does not answer; reload this page", true);
    timer = setTimeout(gone, PATIENCE);
    try {
      model.send({ id, ...message }, undefined, pieces);
    } catch {
      gone();
    }
  }

  async function upload(received) {
    const percent = Math.round((100 * received) / file.size);
    show(`${file.name}: uploading, ${percent} %`);
    progress.value = received / file.size;
    const asked = id;
    try {
      const piece = await file.slice(received, received + PIECE).arrayBuffer();
      if (asked === id) send({}, [piece]);
    } catch {
      if (asked === id) finish("the browser cannot read this file; choose it once more", true);
    }
  }

  function answer(genres) {
    finish("done");
    URL.revokeObjectURL(audio.src);
    audio.src = URL.createObjectURL(file);
    audio.hidden = false;
    for (const [name, probability] of genres) {
      const row = table.insertRow();
      row.insertCell().textContent = name;
      row.insertCell().innerHTML = `<meter value="${probability}"></meter>`;
      row.insertCell().textContent = `${Math.round(100 * probability)} %`;
    }
  }

  input.addEventListener("change", () => {
    if (!input.files.length) return;
    file = input.files[0];
    id = Math.random();
    table.replaceChildren();
    audio.hidden = true;
    progress.hidden = false;
    progress.value = 0;
    show(`${file.name}: uploading`);
    send({ size: file.size });
  });

  model.on("msg:custom", (reply) => {
    if (reply.id !== id) return;
    if (reply.error) finish(reply.error, true);
    else if (reply.genres) answer(reply.genres);
    else if (reply.received < file.size) upload(reply.received);
    else {
      progress.removeAttribute("value");
      show(`${file.name}: uploaded; decoding and classifying`);
    }
  });
}

export default { render };
