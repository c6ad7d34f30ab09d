"use strict";

const $ = (id) => document.getElementById(id);
const rowHeight = 118;
const swatches = [
  ["Skin", "#c99a7c"], ["Sky", "#7fa3cf"], ["Foliage", "#5e7a3a"], ["Khaki", "#8c8052"],
  ["Wood", "#7d5a3c"], ["Brick", "#9a4f3e"], ["Gray", "#808080"], ["Hair", "#5a4030"],
  ["Water", "#4f7f8c"], ["Sand", "#c4ab82"], ["Denim", "#4a5a80"], ["Gold", "#b8913a"],
  ["Rose", "#c46a7c"], ["Red", "#b03030"],
];
const keys = [
  ["↑ ↓ or K J", "previous, next shot"], ["← →", "previous, next frame; with Shift, ten"],
  ["Space", "play the shot as it will be in the film"], ["Home End", "first, last frame of the shot"], ["Enter", "accept, and go to the next shot"],
  ["A", "accepted or not"], ["F", "flagged shots first"], ["W", "source or color"],
  ["B", "keep these settings on the left, to compare"], ["U", "show where the network is not sure"], ["X", "actual pixels"], ["1 … 9", "color of the hint"], ["E", "eyedropper"],
  ["Delete", "remove the last hint of this frame"], ["C", "cut at this frame"],
  ["Ctrl+Z, Ctrl+Shift+Z", "undo, redo"], ["?", "this list"],
];

let film = null;
let shot = 0;
let frame = 0;
/// Values of the shot that are shown but not written yet.
let pending = {};
let color = swatches[0][1];
let wipe = 0;
let isTakingColor = false;
let order = [];

// MARK: Server

/// Sends a request; throws an error with the server's sentence and status.
async function ask(path, options = {}) {
  const response = await fetch(path, options);
  if (response.ok) return response;
  let message = `The server answered ${response.status}.`;
  try { message = (await response.json()).error.message; } catch { /* The status has to do. */ }
  throw Object.assign(new Error(message), { status: response.status });
}

function post(path, body, headers = {}) {
  return ask(path, {
    method: "POST", body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", ...headers },
  });
}

function say(text, kind = "") {
  $("status").textContent = text;
  $("status").className = kind;
}

function fail(error) {
  say(error instanceof TypeError ? "The server does not answer; is it still running?" : error.message, "wrong");
}

const current = () => film.shots[shot];
const values = (index = shot) => film.shots[index].values;
const shown = (key) => (key in pending ? pending[key] : values()[key]);
const hintsShown = () => shown("hints") ?? [];

let changes = Promise.resolve();

/// Has the server make a change, one after the other. Where another page was quicker and left the shot alone, the
/// change is made to what that one wrote.
function change(body) {
  const before = body.action === "edit" ? JSON.stringify(values(body.shot)) : null;
  const sent = { ...pending };
  say("Saving …");
  changes = changes.then(async () => {
    for (let tries = 0; ; tries++) {
      try {
        const response = await post("/change", body, { "If-Match": `"${film.revision}"` });
        take(await response.json(), sent);
        say("Saved", "saved");
        return true;
      } catch (error) {
        if (error.status !== 409 || tries > 2) { await reload(); fail(error); return false; }
        await reload();
        if (before === null || JSON.stringify(film.shots[body.shot]?.values) !== before) {
          fail(error);
          return false;
        }
      }
    }
  });
  return changes;
}

async function reload() {
  try { take(await (await ask("/film")).json(), pending); } catch (error) { fail(error); }
}

/// Shows what the server says of the film.
function take(state, sent) {
  film = state;
  for (const key of Object.keys(sent)) {
    if (JSON.stringify(pending[key]) === JSON.stringify(sent[key])) delete pending[key];
  }
  shot = Math.min(shot, film.shots.length - 1);
  sortShots();
  showShot();
}

/// Changes the shot: it is shown at once, and written.
function edit(changed) {
  pending = { ...pending, ...changed };
  showShot();
  refreshColor();
  return change({ action: "edit", shot, edit: changed });
}

// MARK: Pictures

/// Fetches the latest of what is asked for, one at a time.
class Latest {
  constructor(image, name) { this.image = image; this.name = name; this.next = null; this.isBusy = false; }

  async show(fetching) {
    this.next = fetching;
    if (this.isBusy) return;
    this.isBusy = true;
    while (this.next) {
      const fetching = this.next;
      this.next = null;
      const start = performance.now();
      try {
        const address = URL.createObjectURL(await (await fetching()).blob());
        const old = this.image.src;
        this.image.src = address;
        await this.image.decode();
        performance.measure(this.name, { start, end: performance.now() });
        this.after?.();
        if (old) URL.revokeObjectURL(old);
      } catch (error) { fail(error); }
    }
    this.isBusy = false;
  }
}

const sourceView = new Latest($("source"), "source");
const colorView = new Latest($("color"), "color");

const wantedColor = () => ({ shot, frame, edit: { ...pending } });

/// Shows the frame as the film will have it where the shot was colored as a whole, and for itself otherwise.
function refreshColor() {
  const body = wantedColor(), known = reel.picture(frame);
  clearTimeout(sharpening);
  if (known) {
    // While it plays or comes, the server has enough to do.
    if (reel.isWhole) {
      sharpening = setTimeout(() => { if (isTooSmall()) colorView.show(() => reel.largePicture(body)); }, 300);
    }
    return colorView.show(() => ({ blob: () => known }));
  }
  if (!reel.isCurrent()) {
    reel.stop();
    reel.startSoon();
  }
  return colorView.show(() => post("/preview", body));
}

let sharpening = 0;
/// Whether the frame came smaller than it is, and is shown larger than it came.
function isTooSmall() {
  const came = $("color").naturalWidth;
  return came < film.width && (isPressed("pixels") || $("frame").clientWidth * devicePixelRatio > 1.1 * came);
}

/// The values of the shot as they are shown.
const shownValues = () => ({ ...values(), ...pending });
const lookKeys = ["look", "color", "like", "hints", "references", "palette"];
/// Whether other frames have a say in the colors of each.
const isGuided = () => ["like", "hints", "references", "palette"].some((key) => shownValues()[key] !== undefined);

/// The same text for what says the same: members in the order of their names, nothing for what is empty.
const canonical = (value) => JSON.stringify(value, (_, part) => {
  if (part === null || typeof part !== "object") return part;
  if (Object.keys(part).length === 0) return undefined;
  return Array.isArray(part) ? part : Object.fromEntries(Object.entries(part).sort());
});

/// The frames of a shot as the film will have them: the server colors the shot as a whole.
class Reel {
  constructor() { this.clear(null); this.running = null; this.timer = 0; }

  clear(key) { Object.assign(this, { key, frames: new Map(), reaches: [], isWhole: false }); }

  /// What the colors of the shot depend on.
  wantedKey() {
    const item = current(), all = shownValues(), like = film.shots[all.like - 1]?.values;
    return canonical([item.frame, item.frames, ...[all, like ?? {}].map((of) => lookKeys.map((key) => of[key]))]);
  }

  isCurrent() { return film !== null && this.key === this.wantedKey(); }

  picture(number) { return this.isCurrent() ? this.frames.get(number) : undefined; }

  stop() {
    clearTimeout(this.timer);
    this.asked = null;
    this.running?.abort();
    this.running = null;
  }

  /// Begins when nothing was changed for a moment. A shot that is only looked at waits longer: what its frames need
  /// is then known when something is changed.
  startSoon() {
    clearTimeout(this.timer);
    this.asked = performance.now();
    this.timer = setTimeout(() => {
      if ($("rendering").hidden) this.start(); else this.asked = null;
    }, isGuided() ? 250 : 1000);
  }

  async start() {
    if (this.isCurrent() && (this.running || this.isWhole)) return;
    const began = this.asked ?? performance.now();
    this.stop();
    this.clear(this.wantedKey());
    showReaches();
    const running = this.running = new AbortController();
    try {
      const end = await this.read({ shot, edit: { ...pending } }, running.signal, (number, blob) => {
        if (this.running !== running) return;
        this.frames.set(number, blob);
        showReady();
        if (number === frame && !isPressed("play")) refreshColor();
      });
      if (this.running !== running) return;
      if (end.error) throw new Error(end.error);
      [this.reaches, this.isWhole] = [end.reaches, end.isWhole];
      performance.measure("reel", { start: began, end: performance.now() });
      showReaches();
      if (!isPressed("play")) refreshColor();
    } catch (error) {
      if (!running.signal.aborted) { fail(error); if (isPressed("play")) press("play"); }
    } finally {
      if (this.running === running) this.running = null;
    }
  }

  /// The frame in its own size.
  async largePicture(body) {
    let picture;
    const end = await this.read(body, undefined, (_, blob) => { picture = blob; });
    if (!picture) throw new Error(end.error ?? "The server sent no frame.");
    return { blob: () => picture };
  }

  /// Reads what the server sends of a shot: for each frame its number, the length of its JPEG, and that.
  /// Returns what the server says in the end.
  async read(body, signal, take) {
    const response = await ask("/reel", {
      method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" }, signal,
    });
    const reader = response.body.getReader();
    let parts = [], count = 0;
    const next = async (wanted) => {
      while (count < wanted) {
        const { value, done } = await reader.read();
        if (done) throw new Error("The server closed the connection early.");
        parts.push(value);
        count += value.length;
      }
      const bytes = await new Blob(parts).arrayBuffer();
      const rest = new Uint8Array(bytes, wanted);
      [parts, count] = [rest.length ? [rest] : [], rest.length];
      return bytes.slice(0, wanted);
    };
    for (;;) {
      const head = new DataView(await next(8));
      const data = await next(head.getUint32(4));
      if (head.getUint32(0) === 0xffffffff) return JSON.parse(new TextDecoder().decode(data));
      take(head.getUint32(0), new Blob([data], { type: "image/jpeg" }));
    }
  }
}

const reel = new Reel();

/// How much of the shot can be played.
function showReady() {
  const part = reel.isCurrent() ? reel.frames.size / current().frames : 0;
  $("ready").style.width = `${Math.min(1, part) * 100}%`;
}

/// How far what is given for frames goes, on the time line.
function showReaches() {
  showReady();
  const item = current(), last = item.frame + item.frames - 1;
  const known = reel.isCurrent() ? reel.reaches.filter((reach) => reach.frame >= item.frame && reach.frame <= last) : [];
  $("reaches").replaceChildren(...known.map((reach) => {
    const words = `The colors given for frame ${reach.frame} are carried from frame ${reach.first} to ${reach.last}`
      + (reach.isFromShotStart && reach.isToShotEnd ? ", through the whole shot." : ".");
    const bar = make("div", { className: "reach", title: words }), width = reach.last - reach.first + 1;
    bar.setAttribute("role", "listitem");
    bar.setAttribute("aria-label", words);
    bar.style.left = `${100 * (reach.first - item.frame) / item.frames}%`;
    bar.style.width = `${100 * width / item.frames}%`;
    bar.style.setProperty("--at", `${100 * (reach.frame - reach.first) / width}%`);
    return bar;
  }));
}

/// What the shot said when it was kept to be compared; null where the left picture is the source.
let kept = null;

function refreshSource() {
  const number = frame;
  $("source").classList.remove("gray");
  if (kept?.shot === shot) {
    const body = { shot, frame, edit: Object.fromEntries(lookKeys.slice(0, 5).map((key) => [key, kept.values[key] ?? null])) };
    return sourceView.show(() => post("/preview", body));
  }
  return sourceView.show(() => ask(`/source?frame=${number}`));
}

function toggleCompare() {
  press("compare");
  kept = isPressed("compare") ? { shot, values: shownValues() } : null;
  $("source").alt = kept ? "The frame with the earlier settings" : "The source frame";
  if (kept && wipe === 0) setWipe(50);
  refreshSource();
}

colorView.after = () => {
  drawScope();
  if (isPressed("unsure")) showUnsure();
};

const isPressed = (id) => $(id).getAttribute("aria-pressed") === "true";
const press = (id) => $(id).setAttribute("aria-pressed", !isPressed(id));

let unsureNumber = 0;

/// Paints what the network is not sure of, the less the redder.
async function showUnsure() {
  const number = ++unsureNumber, canvas = $("unsureMap");
  let map;
  try { map = await (await post("/certainty", wantedColor())).json(); } catch (error) { return fail(error); }
  if (number !== unsureNumber || !isPressed("unsure")) return;
  canvas.hidden = map.values.length === 0;
  if (canvas.hidden) return;
  [canvas.width, canvas.height] = [map.width, map.height];
  ["left", "top", "width", "height"].forEach((name, index) => { canvas.style[name] = `${map.area[index] * 100}%`; });
  const context = canvas.getContext("2d"), image = context.createImageData(map.width, map.height);
  map.values.forEach((value, index) => image.data.set([255, 0, 90, Math.max(0, 200 - 1.4 * value)], 4 * index));
  context.putImageData(image, 0, 0);
}

function toggleUnsure() {
  press("unsure");
  if (isPressed("unsure")) showUnsure();
  else { unsureNumber++; $("unsureMap").hidden = true; }
}

/// Cb and Cr of the picture (BT.709), neutral in the middle, twice as large as they are: pictures are pale beside test
/// bars. Skin of any tone lies near the line.
function drawScope() {
  const image = $("color");
  if (!$("scope").open || !image.naturalWidth) return;
  const small = make("canvas", { width: 192, height: Math.max(1, Math.round(192 / film.aspect)) });
  const source = small.getContext("2d", { willReadFrequently: true });
  source.drawImage(image, 0, 0, small.width, small.height);
  const pixels = source.getImageData(0, 0, small.width, small.height).data;
  const view = $("scopeView"), size = view.width, context = view.getContext("2d");
  const chroma = (r, g, b) => {
    const luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    return [(b - luma) / 1.8556 / 255, (r - luma) / 1.5748 / 255];
  };
  context.clearRect(0, 0, size, size);
  context.globalCompositeOperation = "lighter";
  for (let at = 0; at < pixels.length; at += 4) {
    const [r, g, b] = pixels.subarray(at, at + 3), [x, y] = chroma(r, g, b);
    context.fillStyle = `rgba(${r}, ${g}, ${b}, 0.12)`;
    context.fillRect(size / 2 + 2 * x * size, size / 2 - 2 * y * size, 1.5, 1.5);
  }
  context.globalCompositeOperation = "source-over";
  context.strokeStyle = "#777";
  context.beginPath();
  context.arc(size / 2, size / 2, size / 2 - 1, 0, 2 * Math.PI);
  context.stroke();
  // The axis +I of NTSC, 33° beside Cr.
  const angle = 123 * Math.PI / 180;
  context.strokeStyle = "#e0a080";
  context.beginPath();
  context.moveTo(size / 2, size / 2);
  context.lineTo(size / 2 * (1 + Math.cos(angle)), size / 2 * (1 - Math.sin(angle)));
  context.stroke();
  context.fillStyle = "#aaa";
  context.font = "11px system-ui";
  for (const [name, r, g, b] of [["R", 191, 0, 0], ["Y", 191, 191, 0], ["G", 0, 191, 0], ["C", 0, 191, 191], ["B", 0, 0, 191], ["M", 191, 0, 191]]) {
    const [x, y] = chroma(r, g, b), length = Math.hypot(x, y) / (0.45 * size);
    context.fillText(name, size / 2 + x / length - 4, size / 2 - y / length + 4);
  }
}

function refreshBoth() {
  refreshSource();
  refreshColor();
}

function layOut() {
  if (!film) return;
  const view = $("view"), isPixels = isPressed("pixels");
  view.classList.toggle("pixels", isPixels);
  let height = film.height, width = height * film.aspect;
  if (!isPixels) {
    const scale = Math.min(view.clientWidth / width, view.clientHeight / height);
    [width, height] = [width * scale, height * scale];
  }
  $("frame").style.width = `${Math.floor(width)}px`;
  $("frame").style.height = `${Math.floor(height)}px`;
}

function setWipe(percent) {
  wipe = Math.max(0, Math.min(100, percent));
  $("source").style.clipPath = `inset(0 ${100 - wipe}% 0 0)`;
  $("wipe").style.left = `${wipe}%`;
  $("wipe").setAttribute("aria-valuenow", Math.round(wipe));
}

// MARK: Shots

const isAccepted = (item) => item.values.state === "accepted";
const flagsOf = (item) => (Array.isArray(item.values.flags) ? item.values.flags : []);

function sortShots() {
  order = film.shots.map((_, index) => index);
  if ($("flagged").checked) {
    const rank = (index) => (flagsOf(film.shots[index]).length && !isAccepted(film.shots[index]) ? 0 : 1);
    order.sort((one, other) => rank(one) - rank(other) || one - other);
  }
  $("track").style.height = `${order.length * rowHeight}px`;
}

const rows = new Map();
const thumbnails = new Map();
const wanted = new Map();
let fetchingThumbnails = 0;
const mostThumbnails = 300;

/// The rows that can be seen, and no others, are in the page.
function drawStrip() {
  const strip = $("strip");
  const first = Math.max(0, Math.floor(strip.scrollTop / rowHeight) - 2);
  const last = Math.min(order.length, Math.ceil((strip.scrollTop + strip.clientHeight) / rowHeight) + 2);
  const visible = new Set(order.slice(first, last));
  for (const [index, row] of rows) {
    if (!visible.has(index)) { row.remove(); rows.delete(index); wanted.delete(index); }
  }
  for (let place = first; place < last; place++) {
    const index = order[place];
    let row = rows.get(index);
    if (!row) {
      row = makeRow(index);
      rows.set(index, row);
      $("track").append(row);
    }
    row.style.top = `${place * rowHeight}px`;
    fillRow(row, index);
  }
  $("strip").setAttribute("aria-activedescendant", rows.has(shot) ? `shot-${shot}` : "");
}

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

function makeRow(index) {
  const row = make("div", { className: "shot", id: `shot-${index}` },
    make("div", { className: "picture" }, make("img", { alt: "" })), make("div", { className: "line" }));
  row.setAttribute("role", "option");
  row.addEventListener("click", () => goTo(index));
  return row;
}

function fillRow(row, index) {
  const item = film.shots[index];
  row.setAttribute("aria-selected", index === shot);
  row.setAttribute("aria-label",
    `Shot ${index + 1}${isAccepted(item) ? ", accepted" : ""}${flagsOf(item).map((flag) => ", " + flag).join("")}`);
  const line = row.lastElementChild;
  line.replaceChildren(make("span", { textContent: String(index + 1) }));
  if (isAccepted(item)) line.append(make("span", { className: "tick", textContent: "✓" }));
  line.append(...flagsOf(item).map((flag) => make("span", { className: "flag", textContent: String(flag) })));
  const key = JSON.stringify([item.frame, item.frames, item.values, item.look]);
  if (row.dataset.key === key) return;
  row.dataset.key = key;
  if (thumbnails.has(key)) {
    row.querySelector("img").src = thumbnails.get(key);
  } else {
    wanted.set(index, key);
    fetchThumbnails();
  }
}

async function fetchThumbnails() {
  if (fetchingThumbnails > 0) return;
  fetchingThumbnails++;
  while (wanted.size > 0) {
    const [index, key] = wanted.entries().next().value;
    wanted.delete(index);
    try {
      const blob = await (await ask(`/thumbnail?shot=${index}`)).blob();
      thumbnails.set(key, URL.createObjectURL(blob));
      if (thumbnails.size > mostThumbnails) {
        const [oldest, address] = thumbnails.entries().next().value;
        thumbnails.delete(oldest);
        URL.revokeObjectURL(address);
      }
      const row = rows.get(index);
      if (row?.dataset.key === key) row.querySelector("img").src = thumbnails.get(key);
    } catch (error) {
      if (error instanceof TypeError) break;
    }
  }
  fetchingThumbnails--;
}

function goTo(index) {
  if (index < 0 || index >= film.shots.length) return;
  shot = index;
  pending = {};
  frame = current().frame + Math.floor(current().frames / 2);
  const hint = (values().hints ?? [])[0];
  if (hint && hint.frame >= current().frame && hint.frame < current().frame + current().frames) frame = hint.frame;
  const place = order.indexOf(index) * rowHeight, strip = $("strip");
  if (place < strip.scrollTop) strip.scrollTop = place;
  if (place + rowHeight > strip.scrollTop + strip.clientHeight) strip.scrollTop = place + rowHeight - strip.clientHeight;
  showShot();
  refreshBoth();
}

function step(by) {
  const place = order.indexOf(shot) + by;
  if (place >= 0 && place < order.length) goTo(order[place]);
}

function setFrame(number) {
  const item = current();
  const clamped = Math.max(item.frame, Math.min(item.frame + item.frames - 1, number));
  if (clamped === frame) return;
  frame = clamped;
  showFrame();
  refreshBoth();
}

/// Plays the shot in a loop, as the film will be. What is not ready yet is waited for.
async function togglePlay() {
  press("play");
  clearTimeout(sharpening);
  while (isPressed("play")) {
    const start = performance.now(), item = current();
    const next = frame + 1 < item.frame + item.frames ? frame + 1 : item.frame;
    reel.start();
    let picture = reel.picture(next);
    // Of a long shot, there are no more frames than the page can keep.
    if (!picture && reel.isCurrent() && !reel.running) picture = reel.picture(item.frame);
    if (picture) {
      frame = reel.picture(next) ? next : item.frame;
      showFrame();
      const shows = [colorView.show(() => ({ blob: () => picture }))];
      if (wipe > 0 && !kept) {
        // The luma of the color is that of the source.
        $("source").classList.add("gray");
        shows.push(sourceView.show(() => ({ blob: () => picture })));
      }
      await Promise.all(shows);
    }
    const rest = 1000 / (film.rate || 24) - (performance.now() - start);
    await new Promise((done) => setTimeout(done, Math.max(rest, 1)));
  }
  refreshBoth();
}

// MARK: The shot

function clock(seconds) {
  const milliseconds = Math.round(seconds * 1000), whole = Math.floor(milliseconds / 1000);
  const digits = (n, count) => String(n).padStart(count, "0");
  return `${Math.floor(whole / 3600)}:${digits(Math.floor(whole / 60) % 60, 2)}:${digits(whole % 60, 2)}.${digits(milliseconds % 1000, 3)}`;
}

function showShot() {
  const item = current();
  $("title").textContent = `Shot ${shot + 1} of ${film.shots.length}`;
  $("where").textContent = `${clock(item.seconds)}, ${item.frames} frames`;
  $("flags").replaceChildren(...flagsOf(item).flatMap((flag) =>
    [make("span", { className: "flag", textContent: String(flag) }), " "]));
  $("accepted").checked = shown("state") === "accepted";
  if (document.activeElement !== $("like")) $("like").value = shown("like") ?? "";
  $("like").max = film.shots.length;
  $("undo").disabled = !film.canUndo;
  $("redo").disabled = !film.canRedo;
  $("removeCut").disabled = shot === 0;
  if (frame < item.frame || frame >= item.frame + item.frames) {
    frame = Math.max(item.frame, Math.min(item.frame + item.frames - 1, frame));
    refreshBoth();
  }
  for (const dial of film.dials) showDial(dial);
  if (kept && kept.shot !== shot) toggleCompare();
  showHints();
  showReferences();
  showReaches();
  showFrame();
  drawStrip();
}

function showFrame() {
  const item = current();
  const scrub = $("scrub");
  scrub.min = item.frame;
  scrub.max = item.frame + item.frames - 1;
  scrub.value = frame;
  $("number").textContent = `${frame} (${frame - item.frame + 1} of ${item.frames})`;
  $("moveCut").disabled = shot === 0 || frame === item.frame;
  $("addCut").disabled = frame === item.frame;
  showMarks();
}

// MARK: Dials

function ownValue(dial) {
  const look = shown("look") ?? {};
  return dial.isHue ? (look.hues ?? {})[dial.name] : look[dial.name];
}

function withValue(dial, value) {
  const look = { ...(shown("look") ?? {}) };
  const target = dial.isHue ? { ...(look.hues ?? {}) } : look;
  if (value === undefined) delete target[dial.name]; else target[dial.name] = value;
  if (dial.isHue) { if (Object.keys(target).length) look.hues = target; else delete look.hues; }
  return look;
}

function makeDials() {
  for (const dial of film.dials) {
    const id = `dial-${dial.name}`;
    const input = make("input", {
      type: "range", id, min: dial.least, max: dial.most,
      step: dial.most - dial.least > 10 ? 0.5 : 0.01, title: dial.help,
    });
    const label = make("label", { htmlFor: id, textContent: dial.name, title: `${dial.help} Double-click to reset to the film's setting.` });
    const row = make("div", { className: "dial" }, label, input, make("output", { htmlFor: id }));
    row.id = `row-${dial.name}`;
    input.addEventListener("input", () => {
      pending.look = withValue(dial, Number(input.value));
      showDial(dial);
      refreshColor();
    });
    input.addEventListener("change", () => edit({ look: withValue(dial, Number(input.value)) }));
    label.addEventListener("dblclick", () => edit({ look: withValue(dial, undefined) }));
    $(dial.isHue ? "hueDials" : "dials").append(row);
  }
}

function showDial(dial) {
  const row = $(`row-${dial.name}`);
  if (!row) return;
  const own = ownValue(dial);
  const inherited = dial.isHue ? current().look.hues[dial.name] : current().look[dial.name];
  const value = own ?? inherited;
  row.classList.toggle("own", own !== undefined);
  const input = row.querySelector("input");
  if (Number(input.value) !== value) input.value = value;
  row.querySelector("output").textContent = Number(value).toFixed(input.step === "0.5" ? 1 : 2);
}

// MARK: Hints

function makeSwatches() {
  swatches.forEach(([name, value], index) => {
    const button = make("button", { className: "swatch", title: name + (index < 9 ? ` (${index + 1})` : "") });
    button.style.background = value;
    button.dataset.color = value;
    button.setAttribute("role", "radio");
    button.setAttribute("aria-label", name);
    button.addEventListener("click", () => setColor(value));
    $("swatches").append(button);
  });
  setColor(color);
}

function setColor(value) {
  color = value;
  $("picker").value = value;
  for (const button of $("swatches").children) {
    button.setAttribute("aria-checked", button.dataset.color === value);
  }
}

/// What a hint's color looks like; of a* and b*, at a middle lightness.
function paint(value) { return Array.isArray(value) ? `lab(60% ${Number(value[0])} ${Number(value[1])})` : String(value); }

function showHints() {
  $("hints").replaceChildren(...hintsShown().map((hint, index) => {
    const chip = make("span", { className: "chip" });
    chip.style.background = paint(hint.color);
    const go = make("button", { className: "go", textContent: `Frame ${hint.frame}, ${hint.stroke ? "stroke" : "point"}` });
    go.addEventListener("click", () => setFrame(hint.frame));
    const remove = make("button", { textContent: "Remove" });
    remove.setAttribute("aria-label", `Remove the hint of frame ${hint.frame}`);
    remove.addEventListener("click", () => edit({ hints: hintsShown().filter((_, other) => other !== index) }));
    return make("li", {}, chip, go, remove);
  }));
  showMarks();
}

/// Pictures that show the same things in color.
const referencesShown = () => shown("references") ?? [];

function showReferences() {
  const set = (index, value) => edit({
    references: referencesShown().flatMap((other, at) => (at !== index ? [other] : value === null ? [] : [value])),
  });
  $("references").replaceChildren(...referencesShown().map((reference, index) => {
    const { picture, frame: number, swatches } = typeof reference === "string" ? { picture: reference } : reference;
    const name = String(picture).split("/").pop(), isStill = Number.isInteger(number);
    const go = make("button", { className: "go", textContent: isStill ? `${name}, frame ${number}` : name });
    go.disabled = !isStill;
    go.addEventListener("click", () => setFrame(number));
    const kind = make("button", {
      textContent: isStill ? "Only similar" : "This frame", disabled: swatches !== undefined,
      title: isStill ? "It shows the same things, but not this frame" : `It shows frame ${frame} itself, in color`,
    });
    kind.addEventListener("click", () => set(index, isStill ? picture : { picture, frame }));
    const remove = make("button", { textContent: "Remove" });
    remove.setAttribute("aria-label", `Remove the reference ${name}`);
    remove.addEventListener("click", () => set(index, null));
    return make("li", {}, go, kind, remove);
  }));
}

async function addReference(file) {
  if (!file) return;
  say(`Adding ${file.name} …`);
  try {
    const response = await ask(`/reference?name=${encodeURIComponent(file.name)}`, {
      method: "POST", body: file, headers: { "Content-Type": file.type || "image/unknown" },
    });
    const { picture } = await response.json();
    if (!referencesShown().some((other) => (other.picture ?? other) === picture)) {
      await edit({ references: [...referencesShown(), picture] });
    }
  } catch (error) { fail(error); }
}

function watchDrops() {
  const view = $("view");
  const mark = (event, isOver) => { event.preventDefault(); view.classList.toggle("dropping", isOver); };
  view.addEventListener("dragover", (event) => mark(event, true));
  view.addEventListener("dragleave", (event) => mark(event, false));
  view.addEventListener("drop", (event) => { mark(event, false); addReference(event.dataTransfer.files[0]); });
  // A picture that misses the frame is not opened in place of the page.
  for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
  $("referenceFile").addEventListener("change", () => {
    addReference($("referenceFile").files[0]);
    $("referenceFile").value = "";
  });
}

function showMarks(stroke) {
  const box = $("frame");
  for (const dot of box.querySelectorAll(".dot")) dot.remove();
  const lines = [];
  const drawn = hintsShown().filter((hint) => hint.frame === frame);
  if (stroke) drawn.push({ stroke, color });
  for (const hint of drawn) {
    const points = hint.stroke ?? [hint.at];
    if (points.length > 1) {
      for (const [width, ink] of [[5, "#fff"], [3, paint(hint.color)]]) {
        const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
        line.setAttribute("points", points.map((p) => p.join(",")).join(" "));
        line.setAttribute("fill", "none");
        line.setAttribute("stroke", ink);
        line.setAttribute("stroke-width", width);
        line.setAttribute("vector-effect", "non-scaling-stroke");
        lines.push(line);
      }
    } else {
      const dot = make("div", { className: "dot" });
      dot.style.left = `${points[0][0] * 100}%`;
      dot.style.top = `${points[0][1] * 100}%`;
      dot.style.background = paint(hint.color);
      box.append(dot);
    }
  }
  $("marks").replaceChildren(...lines);
}

function place(event) {
  const box = $("frame").getBoundingClientRect();
  const part = (value, start, size) => Math.round(Math.max(0, Math.min(1, (value - start) / size)) * 10000) / 10000;
  return [part(event.clientX, box.left, box.width), part(event.clientY, box.top, box.height)];
}

function takeColor([x, y]) {
  const image = $("color"), canvas = make("canvas", { width: 1, height: 1 });
  const context = canvas.getContext("2d");
  context.drawImage(image, x * image.naturalWidth, y * image.naturalHeight, 1, 1, 0, 0, 1, 1);
  const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
  setColor("#" + [r, g, b].map((n) => n.toString(16).padStart(2, "0")).join(""));
  setTaking(false);
}

function setTaking(value) {
  isTakingColor = value;
  $("eyedropper").setAttribute("aria-pressed", value);
}

function watchPointer() {
  let stroke = null;
  const box = $("frame");
  box.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.target === $("wipe")) return;
    if (isTakingColor) return takeColor(place(event));
    stroke = [place(event)];
    box.setPointerCapture(event.pointerId);
  });
  box.addEventListener("pointermove", (event) => {
    if (!stroke) return;
    const [x, y] = place(event), [lastX, lastY] = stroke[stroke.length - 1];
    if (Math.hypot(x - lastX, y - lastY) > 0.012 && stroke.length < 200) {
      stroke.push([x, y]);
      showMarks(stroke);
    }
  });
  box.addEventListener("pointerup", () => {
    if (!stroke) return;
    const hint = stroke.length > 1 ? { frame, stroke, color } : { frame, at: stroke[0], color };
    stroke = null;
    edit({ hints: [...hintsShown(), hint] });
  });
  box.addEventListener("pointercancel", () => { stroke = null; showMarks(); });
  const handle = $("wipe");
  handle.addEventListener("pointerdown", (event) => { handle.setPointerCapture(event.pointerId); event.preventDefault(); });
  handle.addEventListener("pointermove", (event) => {
    if (handle.hasPointerCapture(event.pointerId)) setWipe(100 * place(event)[0]);
  });
  handle.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -5, ArrowRight: 5 }[event.key];
    if (by) { setWipe(wipe + by); event.preventDefault(); event.stopPropagation(); }
  });
}

// MARK: Commands

/// Goes on at once: writing a file of many shots takes a while.
function acceptAndNext() {
  const at = order.indexOf(shot);
  const next = order.slice(at + 1).find((index) => !isAccepted(film.shots[index]));
  if (shown("state") !== "accepted") edit({ state: "accepted" });
  if (next !== undefined) goTo(next);
}

const toggleAccepted = () => edit({ state: shown("state") === "accepted" ? null : "accepted" });

async function undo(action) {
  pending = {};
  if (await change({ action })) refreshBoth();
}

async function cut(body) {
  pending = {};
  const number = frame;
  if (!(await change(body))) return;
  const index = film.shots.findLastIndex((item) => item.frame <= number);
  shot = index;
  frame = number;
  showShot();
  refreshBoth();
}

function setLike() {
  const number = Number($("like").value);
  edit({ like: number >= 1 ? number : null });
}

function togglePixels() {
  press("pixels");
  layOut();
  refreshColor();
}

// MARK: Rendering

let isWatching = false;

function showRender(state) {
  const isRunning = state.phase === "running", { framesDone, framesTotal, framesPerSecond, secondsLeft } = state.progress ?? {};
  $("rendering").hidden = !isRunning;
  $("render").hidden = isRunning;
  if (framesTotal) $("renderBar").max = framesTotal;
  if (framesDone !== undefined && framesTotal) $("renderBar").value = framesDone; else $("renderBar").removeAttribute("value");
  $("renderText").textContent = framesDone === undefined ? "Beginning …"
    : `${framesDone}${framesTotal ? ` of ${framesTotal}` : ""}, ${framesPerSecond.toFixed(0)} frames/s`
      + (secondsLeft === undefined ? "" : `, ${clock(secondsLeft).split(".")[0]} left`);
  $("renderOutput").textContent = state.output;
  $("renderReplaces").textContent = state.exists ? "The existing film will be replaced." : "";
  $("renderStart").textContent = state.exists ? "Replace and render" : "Render";
  $("renderStart").dataset.overwrite = state.exists;
}

async function askRender() { return (await ask("/render")).json(); }

/// Shows how far the rendering is until it ends.
async function watchRender() {
  if (isWatching) return;
  isWatching = true;
  try {
    for (;;) {
      const state = await askRender();
      showRender(state);
      if (state.phase !== "running") {
        if (state.message) say(`${state.output}: ${state.message}`, { done: "saved", failed: "wrong" }[state.phase]);
        break;
      }
      await new Promise((done) => setTimeout(done, 400));
    }
  } catch (error) { fail(error); }
  isWatching = false;
}

async function openRender() {
  try { showRender(await askRender()); } catch (error) { return fail(error); }
  $("commandText").textContent = film.command;
  $("renderDialog").showModal();
}

async function startRender() {
  $("renderDialog").close();
  await changes;
  reel.stop();
  try {
    const overwrite = $("renderStart").dataset.overwrite === "true";
    showRender(await (await post("/render", { overwrite }, { "If-Match": `"${film.revision}"` })).json());
    watchRender();
  } catch (error) { await reload(); fail(error); }
}

function keyPressed(event) {
  if ($("keys").open || $("renderDialog").open) return;
  const isControl = event.ctrlKey || event.metaKey;
  if (isControl && event.key.toLowerCase() === "z") {
    event.preventDefault();
    return undo(event.shiftKey ? "redo" : "undo");
  }
  if (isControl || event.altKey) return;
  const target = event.target;
  if (target.matches("input[type=number], input[type=color]")) return;
  const isRange = target.matches("input[type=range]");
  if (isRange && ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return;
  if (["Enter", " "].includes(event.key) && target.matches("button, summary, input")) return;
  const item = current();
  const actions = {
    ArrowUp: () => step(-1), ArrowDown: () => step(1), k: () => step(-1), j: () => step(1),
    ArrowLeft: () => setFrame(frame - (event.shiftKey ? 10 : 1)),
    ArrowRight: () => setFrame(frame + (event.shiftKey ? 10 : 1)),
    Home: () => setFrame(item.frame), End: () => setFrame(item.frame + item.frames - 1),
    Enter: acceptAndNext, a: toggleAccepted, w: () => setWipe(wipe > 50 ? 0 : 100), x: togglePixels,
    " ": togglePlay, u: toggleUnsure, b: toggleCompare, e: () => setTaking(!isTakingColor), c: () => $("addCut").click(), "?": () => $("keys").showModal(),
    f: () => $("flagged").click(), Escape: () => setTaking(false),
    Delete: () => {
      const last = hintsShown().findLastIndex((hint) => hint.frame === frame);
      if (last >= 0) edit({ hints: hintsShown().filter((_, index) => index !== last) });
    },
  };
  const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (action) {
    event.preventDefault();
    action();
  } else if (/^[1-9]$/.test(event.key)) {
    setColor(swatches[Number(event.key) - 1][1]);
  }
}

async function start() {
  try { film = await (await ask("/film")).json(); } catch (error) { return fail(error); }
  document.title = `${film.name}: review`;
  $("film").textContent = film.name;
  say(film.file);
  makeDials();
  makeSwatches();
  $("keyTable").append(...keys.map(([key, what]) =>
    make("tr", {}, make("td", {}, make("kbd", { textContent: key })), make("td", { textContent: what }))));
  sortShots();
  layOut();
  setWipe(0);
  watchPointer();
  new ResizeObserver(() => { layOut(); drawStrip(); }).observe($("view"));
  $("strip").addEventListener("scroll", () => {
    // Who scrolls looks for another shot.
    if (reel.asked) reel.startSoon();
    requestAnimationFrame(drawStrip);
  }, { passive: true });
  $("scrub").addEventListener("input", () => setFrame(Number($("scrub").value)));
  $("flagged").addEventListener("change", () => { sortShots(); $("strip").scrollTop = 0; drawStrip(); });
  $("accept").addEventListener("click", acceptAndNext);
  $("accepted").addEventListener("change", toggleAccepted);
  $("like").addEventListener("change", setLike);
  $("picker").addEventListener("input", () => setColor($("picker").value));
  $("eyedropper").addEventListener("click", () => setTaking(!isTakingColor));
  $("undo").addEventListener("click", () => undo("undo"));
  $("redo").addEventListener("click", () => undo("redo"));
  $("pixels").addEventListener("click", togglePixels);
  $("play").addEventListener("click", togglePlay);
  $("unsure").addEventListener("click", toggleUnsure);
  $("scope").addEventListener("toggle", drawScope);
  $("addCut").addEventListener("click", () => cut({ action: "addCut", frame }));
  $("removeCut").addEventListener("click", () => cut({ action: "removeCut", shot }));
  $("moveCut").addEventListener("click", () => cut({ action: "moveCut", shot, frame }));
  $("help").addEventListener("click", () => $("keys").showModal());
  $("closeKeys").addEventListener("click", () => $("keys").close());
  $("command").addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(film.command); $("command").textContent = "Copied"; } catch (error) { fail(error); }
  });
  $("compare").addEventListener("click", toggleCompare);
  $("render").addEventListener("click", openRender);
  $("renderStart").addEventListener("click", startRender);
  $("renderCancel").addEventListener("click", () => $("renderDialog").close());
  $("renderStop").addEventListener("click", () => post("/render/stop", {}).catch(fail));
  watchDrops();
  watchRender();
  document.addEventListener("keydown", keyPressed);
  goTo(order[0]);
  document.body.dataset.ready = "yes";
}

start();
