// Numbers that move: one socket, a snapshot first, then what changed. Without it the page is as it was served.

const head = document.querySelector("[data-topic]");
const badge = document.getElementById("live");
const integers = new Intl.NumberFormat("en-GB");
const shares = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const HANDED_OVER = ["sent", "in_doubt"];
const RECENT_EVERY_MS = 10_000;
const HIDDEN_MS = 60_000;

let known = null;
let socket = null;
let failures = 0;
let recentAt = Date.now();
let hiddenTimer = 0;

function say(word) {
  badge.hidden = false;
  badge.classList.toggle("off", word !== "Live");
  if (badge.textContent !== word) badge.textContent = word;
}

function write(element, text) {
  if (!element || element.textContent === text) return;
  element.textContent = text;
  if (calm.matches) return;
  element.classList.remove("moved");
  requestAnimationFrame(() => element.classList.add("moved"));
}

const sum = (keys) => keys.split(" ").reduce((total, key) => total + (known.n?.[key] ?? 0), 0);

function sumOfKind(kind) {
  const kinds = kind === "sent" ? HANDED_OVER : [kind];
  return Object.entries(known.n ?? {}).reduce(
    (total, [key, n]) => total + (kinds.includes(key.slice(key.lastIndexOf("/") + 1)) ? (n ?? 0) : 0), 0);
}

function showState(element, word) {
  if (element.classList.contains(word)) return;
  refreshControls();
  element.className = `state ${word}`;
  element.textContent = word.replaceAll("_", " ");
}

function showCampaign() {
  for (const element of document.querySelectorAll("[data-keys]")) write(element, integers.format(sum(element.dataset.keys)));
  for (const element of document.querySelectorAll("[data-share]")) {
    const whole = sum(element.dataset.of);
    write(element, whole ? `${shares.format((100 * sum(element.dataset.share)) / whole)} %` : "");
  }
  for (const element of document.querySelectorAll("dd[data-kind]")) write(element, integers.format(sumOfKind(element.dataset.kind)));
  showState(document.querySelector(".head [data-state]"), known.state);
  if (Date.now() - recentAt > RECENT_EVERY_MS) refreshRecent();
}

function showCompany() {
  for (const element of document.querySelectorAll("[data-value]")) {
    const value = known[element.dataset.value];
    if (value != null) write(element, integers.format(value));
  }
  for (const row of document.querySelectorAll("[data-campaign]")) {
    const counts = known.campaigns?.[row.dataset.campaign];
    if (!counts) continue;
    const state = row.querySelector("[data-state]");
    state.className = `state ${counts.state}`;
    state.textContent = counts.state.replaceAll("_", " ");
    for (const cell of row.querySelectorAll("[data-kind]")) {
      const kinds = cell.dataset.kind === "sent" ? HANDED_OVER : [cell.dataset.kind];
      write(cell, integers.format(kinds.reduce((total, kind) => total + (counts[kind] ?? 0), 0)));
    }
  }
}

async function fetchPage(path) {
  const answer = await fetch(path, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

async function refreshRecent() {
  recentAt = Date.now();
  const place = document.getElementById("recently");
  if (!place) return;
  const open = place.querySelector("details")?.open;
  if (open) return; // somebody is reading the tables
  try {
    place.replaceChildren(...(await fetchPage(place.dataset.from)).body.childNodes);
  } catch { /* the next change tries again */ }
}

async function refreshControls() {
  const place = document.getElementById("controls");
  if (!place || place.contains(document.activeElement)) return;
  try {
    const fresh = (await fetchPage(location.pathname)).getElementById("controls");
    if (fresh) place.replaceChildren(...fresh.childNodes);
  } catch { /* a click on an old button is answered with why it cannot be */ }
}

function learn(message) {
  if (message.error) {
    say("Not live");
    return;
  }
  if (message.snapshot) known = message.snapshot;
  else if (known) {
    for (const [key, value] of Object.entries(message.delta)) {
      const isMap = value && typeof value === "object" && known[key] && typeof known[key] === "object";
      known[key] = isMap ? { ...known[key], ...value } : value;
    }
  }
  if (known) (head.dataset.topic === "company" ? showCompany : showCampaign)();
}

function connect() {
  if (socket) return;
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/live`);
  socket.addEventListener("open", () => {
    failures = 0;
    say("Live");
    socket.send(JSON.stringify({ sub: [head.dataset.topic] }));
  });
  socket.addEventListener("message", (event) => learn(JSON.parse(event.data)));
  socket.addEventListener("close", () => {
    socket = null;
    if (document.hidden) return;
    say("Reconnecting");
    const wait = Math.min(15_000, 500 * 2 ** Math.min(failures, 5)) * (0.5 + Math.random());
    failures += 1;
    setTimeout(connect, wait);
  });
}

// A tab that nobody has looked at for a minute listens no more; it catches up when it is looked at again.
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiddenTimer);
  if (document.hidden) hiddenTimer = setTimeout(() => socket?.close(), HIDDEN_MS);
  else if (head) connect();
});

if (head && badge) connect();
