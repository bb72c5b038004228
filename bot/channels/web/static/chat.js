// Makes the chat page lively. The page works by form post without this file; whatever fails here, the form remains.
// Every word shown comes from the server: the texts in replies, the page's own strings in <body data-ui>.

const byId = (id) => document.getElementById(id);
const { dataset } = document.body;
const ui = JSON.parse(dataset.ui);
const pages = JSON.parse(dataset.pages); // replies with a page of their own to open: key -> [path, button]
const embedded = "embedded" in dataset;
const invite = dataset.invite || null;
const log = byId("log");
const form = byId("chat");
const input = byId("text");
const view = byId("view");
const choices = byId("choices");
const careBar = byId("care-bar");
const touch = matchMedia("(pointer: coarse)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const REPLY_TIMEOUT = 25_000;
const LATE_REPLY = 60_000;
const LONGEST_WAIT = 30_000;
const MAX_TRIES = 5;

const state = {
  token: "",
  language: dataset.language,
  seen: new Set(),      // ids of replies on the page
  busy: false,          // a message is on its way
  pending: null,        // the message not yet acknowledged: {id, text | choice, title, name, tries}
  timer: 0,             // the next attempt to send it
  blockedUntil: 0,      // the server asked us to wait
  typingAnnounced: false,
  lastEvent: "",
  held: [],             // events that came while a message was on its way
};

// ---------------------------------------------------------------- the session

// A frame inside another site keeps nothing; a page of our own keeps the token until its tab is closed.
const storage = {
  get(name) { try { return embedded ? null : sessionStorage.getItem(name); } catch { return null; } },
  set(name, value) { try { if (embedded) return false; sessionStorage.setItem(name, value); return true; } catch { return false; } },
  drop(name) { try { if (!embedded) sessionStorage.removeItem(name); } catch { /* storage is blocked: nothing was kept */ } },
};

function remember(token) {
  state.token = token;
  for (const field of document.querySelectorAll("input[name=token]")) field.value = token;
  storage.set("rygraad.token", token);
}

function forget() {
  state.token = state.lastEvent = "";
  state.held = [];
  for (const field of document.querySelectorAll("input[name=token]")) field.value = "";
  storage.drop("rygraad.token");
}

function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// ---------------------------------------------------------------- the API

class ApiError extends Error {
  constructor(status, message = "", retryAfter = 0) {
    super(message);
    Object.assign(this, { status, retryAfter });
  }
  get worthRetrying() { return this.status === 0 || this.status >= 500; }
}

function headers(extra) {
  return { ...(state.token && { Authorization: `Bearer ${state.token}` }), ...extra };
}

async function api(method, path, data) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), REPLY_TIMEOUT);
  const options = { method, headers: headers(data && { "Content-Type": "application/json" }), signal: abort.signal, cache: "no-store" };
  try {
    const response = await fetch(path, data ? { ...options, body: JSON.stringify(data) } : options);
    if (!response.ok) throw await failure(response);
    return await response.json();
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError(0);
  } finally {
    clearTimeout(timer);
  }
}

async function failure(response) {
  const { detail } = await response.json().catch(() => ({}));
  const message = detail && typeof detail.message === "string" ? detail.message : "";
  return new ApiError(response.status, message, Number(response.headers.get("Retry-After")) || 0);
}

// ---------------------------------------------------------------- drawing

function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value != null) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const hiddenText = (text) => element("span", { class: "hidden" }, `${text} `);

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

// The same small Markdown as bot/channels/markdown.py, built from nodes so that no text is ever read as HTML.
const INLINE = /\*\*(\S(?:.*?\S)??)\*\*|\[([^[\]]+)\]\((https:\/\/[^\s()<>"]+|tel:\+?[0-9]+)\)/g;

function inline(line) {
  const nodes = [];
  let rest = 0;
  for (const found of line.matchAll(INLINE)) {
    const [whole, bold, label, url] = found;
    nodes.push(line.slice(rest, found.index));
    nodes.push(bold ? element("strong", {}, ...inline(bold)) : link(url, label));
    rest = found.index + whole.length;
  }
  return [...nodes, line.slice(rest)];
}

function link(url, ...children) {
  const away = url.startsWith("tel:") ? {} : { target: "_blank", rel: "noopener noreferrer" };
  return element("a", { href: url, ...away }, ...children);
}

function markdown(text) {
  const blocks = [];
  let kind = "";
  for (const line of text.split(/\r\n|\r|\n/).map((each) => each.trim())) {
    const now = !line ? "" : line.startsWith("- ") ? "ul" : "p";
    if (now && now !== kind) blocks.push(element(now));
    else if (now === "p") blocks[blocks.length - 1].append(element("br"));
    if (now === "p") blocks[blocks.length - 1].append(...inline(line));
    if (now === "ul") blocks[blocks.length - 1].append(element("li", {}, ...inline(line.slice(2))));
    kind = now;
  }
  return blocks;
}

function contact({ name, phone }, strong) {
  const call = element("a", { class: strong ? "call first" : "call", href: `tel:${phone.replace(/ /g, "")}` }, icon("phone"),
    hiddenText(ui.call), element("span", { class: "call-name" }, name), " ", element("span", { class: "call-number" }, phone));
  return element("li", {}, call);
}

function careCard({ id, text, care: { level, contacts } }) {
  const title = ui[`care_${level}`];
  const heading = element("h2", { id: `care-title-${id}` }, icon(level), element("span", {}, hiddenText(ui[`care_${level}_prefix`]), title));
  // The text opens with the level as well, for channels without cards; here the heading says it once.
  const opening = `**${title}**`;
  const advice = markdown(text.startsWith(opening) ? text.slice(opening.length) : text);
  // Whom to call at once stands before the words: on a small screen it must be in sight.
  const first = level === "emergency" ? contacts.slice(0, 1) : [];
  return element("section", { class: `care ${level}`, id: `care-${id}`, tabindex: "-1", "aria-labelledby": `care-title-${id}` },
    heading, ...calls(first, ui.care_first_contact, true), element("div", { class: "care-text" }, ...advice),
    ...calls(contacts.slice(first.length), ui.care_contacts, !first.length));
}

function calls(contacts, label, strong) {
  const items = contacts.map((entry, index) => contact(entry, strong && !index));
  return items.length ? [element("ul", { class: "calls", "aria-label": label }, ...items)] : [];
}

function sources(entries) {
  const items = entries.filter(({ url }) => url.startsWith("https://"))
    .map(({ title, url }) => element("li", {}, link(url, title, hiddenText(` ${ui.new_window}`))));
  return element("details", { class: "sources" }, element("summary", {}, ui.sources), element("ul", {}, ...items));
}

function bubble(message) {
  const { id, key, text, care, image } = message;
  const mine = key === "patient";
  const lang = state.language === document.documentElement.lang ? null : state.language;
  const node = element("div", { class: `message ${mine ? "patient" : "bot"}${care ? " with-care" : ""}`, "data-id": id, "data-key": key, lang },
    hiddenText(mine ? ui.from_patient : ui.from_bot));
  if (mine) node.append(element("p", { class: "own" }, text));
  else if (care) node.append(careCard(message));
  else node.append(...markdown(text));
  if (image) node.append(element("img", { src: image.url, alt: image.alt }));
  if (pages[key]) node.append(element("button", { class: "download", formaction: pages[key][0], formtarget: "_blank" }, pages[key][1]));
  if (message.sources && message.sources.length) node.append(sources(message.sources));
  return node;
}

// ---------------------------------------------------------------- the log

// Adds what is not yet there. Nodes are only ever appended: a screen reader then reads each reply once.
function show(messages, offered = messages) {
  const fresh = messages.filter(({ id }) => !state.seen.has(id));
  if (fresh.length) stopTyping();
  const nodes = fresh.map((message) => {
    state.seen.add(message.id);
    const node = bubble(message);
    log.append(node);
    if (message.care) watchCare(message);
    return node;
  });
  if (offered.length) offer(offered[offered.length - 1].choices);
  if (nodes.length) scrollTo(cardAbove(nodes[0]));
}

// A late answer must not push the card, which the same message got before it, out of sight.
function cardAbove(node) {
  for (let at = node; at && !at.classList.contains("patient"); at = at.previousElementSibling) {
    if (at.classList.contains("with-care")) return at;
  }
  return node;
}

function offer(list) {
  const focused = choices.contains(document.activeElement);
  choices.replaceChildren(...(list || []).map(({ name, title, value }) =>
    element("button", { name: "choice", value, "data-name": name, class: /^\d+$/.test(title) ? "number" : null }, title)));
  if (focused) choices.focus({ preventScroll: true }); // else the reader would be thrown to the top of the page
}

// To the end; but what is longer than the screen is read from its beginning. On low screens the whole page scrolls.
function scrollTo(first, behavior = calm.matches ? "auto" : "smooth") {
  const own = getComputedStyle(view).overflowY === "auto";
  const box = own ? view : document.scrollingElement;
  const start = first.getBoundingClientRect().top - (own ? view.getBoundingClientRect().top : 0) + box.scrollTop - 12;
  const end = box.scrollHeight;
  box.scrollTo({ top: end - start > box.clientHeight ? start : end, behavior });
}

// The first time it says so to a screen reader, later it only shows.
function startTyping() {
  if (log.querySelector(".typing")) return;
  const dots = [1, 2, 3].map(() => element("i"));
  const said = state.typingAnnounced ? [] : [hiddenText(ui.typing)];
  log.append(element("div", { class: "typing", "aria-hidden": state.typingAnnounced ? "true" : null }, ...said, ...dots));
  state.typingAnnounced = true;
  scrollTo(log.lastElementChild);
}

function stopTyping() {
  const node = log.querySelector(".typing");
  if (node) node.remove();
}

// A word from the page itself. It stands in the log, so that it is read aloud like a reply.
function notice(text, label, action) {
  const old = log.querySelector(".notice");
  if (old && old.dataset.text === text) return;
  clearNotice();
  const node = element("div", { class: "notice", "data-text": text }, element("p", {}, text));
  if (label) {
    const button = element("button", { type: "button" }, label);
    button.addEventListener("click", action);
    node.append(button);
  }
  log.append(node);
  scrollTo(node);
}

function clearNotice() {
  for (const node of document.querySelectorAll(".log .notice, #error")) node.remove();
  input.setAttribute("aria-describedby", "hint");
}

// ---------------------------------------------------------------- the care card stays reachable

const careWatch = new IntersectionObserver((entries) => {
  careBar.hidden = entries[entries.length - 1].isIntersecting;
});

function watchCare({ id, care: { level } }) {
  careBar.href = `#care-${id}`;
  careBar.className = `care-bar ${level}`;
  careBar.textContent = ui[`care_bar_${level}`];
  careWatch.disconnect();
  careWatch.observe(byId(`care-${id}`));
}

// ---------------------------------------------------------------- sending

function setBusy(busy) {
  state.busy = busy;
  for (const button of form.querySelectorAll("button")) {
    // Not `disabled`: that would throw the focus away.
    if (busy) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }
  if (!busy) arrive(state.held.splice(0));
}

function sendText() {
  const text = input.value.trim();
  if (state.busy) return;
  if (!text) {
    notice(ui.error_empty);
    input.focus();
    return;
  }
  // Unchanged text goes under its old id: had the server received it, it is not answered twice.
  const again = state.pending && state.pending.text === text;
  send(again ? state.pending : { id: newId(), text, title: text, tries: 0 });
}

function sendChoice(button) {
  if (state.busy) return;
  const { value, dataset: { name }, textContent: title } = button;
  const again = state.pending && state.pending.choice === value;
  send(again ? state.pending : { id: newId(), choice: value, name, title, tries: 0 });
  if (touch.matches) choices.focus({ preventScroll: true }); // the input would open the keyboard over the reply
  else input.focus({ preventScroll: true });
}

async function send(item) {
  clearTimeout(state.timer);
  state.pending = item;
  const wait = state.blockedUntil - Date.now();
  if (wait > 0) return sendLater(item, wait);
  setBusy(true);
  const mine = item.tries ? null : showMine(item);
  const typing = setTimeout(startTyping, 400);
  try {
    const { messages } = await post(item);
    delivered(item, mine, messages);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (mine) takeBack(item, mine);
    stopTyping();
    explain(error, item);
  } finally {
    clearTimeout(typing);
    setBusy(false);
  }
}

function showMine({ id, title, text }) {
  clearNotice();
  const node = bubble({ id, key: "patient", text: title });
  log.append(node);
  if (text) input.value = "";
  scrollTo(node);
  return node;
}

function takeBack({ text }, node) {
  node.remove();
  if (text && !input.value) input.value = text;
}

function delivered(item, mine, messages) {
  clearNotice();
  if (!mine) log.append(bubble({ id: item.id, key: "patient", text: item.title }));
  if (item.text && input.value.trim() === item.text) input.value = "";
  state.pending = null;
  offer([]);
  if (messages.length) return show(messages);
  startTyping(); // the answer is late and comes as an event
  setTimeout(stopTyping, LATE_REPLY);
}

// The first message opens the conversation. The welcome is on the page already: its buttons carry names, not values.
async function post(item) {
  if (!state.token) {
    const created = await api("POST", "/api/chat", { language: state.language, invite });
    remember(created.token);
    for (const { id } of created.messages) state.seen.add(id);
    const offered = created.messages.flatMap((message) => message.choices);
    const found = offered.find(({ name }) => name === item.name);
    if (found) item.choice = found.value;
    listen();
  }
  const what = item.text ? { text: item.text } : { choice: item.choice };
  return api("POST", "/api/chat/messages", { id: item.id, ...what });
}

// ---------------------------------------------------------------- when it fails

function explain(error, item) {
  if (error.status === 401) return sessionGone();
  if (error.status === 429) {
    const wait = Math.max(1, error.retryAfter) * 1000;
    state.blockedUntil = Date.now() + wait;
    return sendLater(item, wait, error.message);
  }
  if (error.worthRetrying) return tryAgain(item);
  state.pending = null;
  notice(error.message || (error.status === 413 ? ui.error_too_long : ui.error_invalid));
}

function sendLater(item, wait, message) {
  item.tries += 1;
  notice(message || ui.error_rate.replace("{seconds}", Math.ceil(wait / 1000)));
  state.timer = setTimeout(() => resend(item), wait + 50);
}

function tryAgain(item) {
  item.tries += 1;
  const given = item.tries > MAX_TRIES;
  notice(given ? ui.error_gave_up : ui.error_network, ui.retry, () => resend(item));
  if (!given) state.timer = setTimeout(() => resend(item), backoff(item.tries));
}

function resend(item) {
  if (state.pending === item && !state.busy) send(item);
}

// 2, 4, 8 … seconds, a little uneven so that many pages do not come back at once.
function backoff(tries) {
  return Math.min(1000 * 2 ** tries, LONGEST_WAIT) * (0.8 + Math.random() * 0.4);
}

function sessionGone() {
  clearTimeout(state.timer);
  forget();
  state.pending = null;
  offer([]);
  notice(ui.session_gone, ui.start_again, startAgain);
}

// What was erased leaves the screen too; what the patient is writing stays.
async function startAgain() {
  if (state.busy) return;
  setBusy(true);
  try {
    const { token, messages } = await api("POST", "/api/chat", { language: state.language, invite });
    remember(token);
    log.replaceChildren();
    careWatch.disconnect();
    careBar.hidden = true;
    show(messages);
    listen();
    input.focus({ preventScroll: true });
  } catch {
    notice(ui.error_gave_up, ui.retry, startAgain);
  } finally {
    setBusy(false);
  }
}

// ---------------------------------------------------------------- late replies

// Events over fetch, because EventSource cannot carry the token in a header. After a break everything is asked for once,
// so nothing is missed; where events never work, that is the poll.
async function listen() {
  const { token } = state;
  let tries = 0;
  while (token && token === state.token) {
    try {
      await readEvents(() => { tries = 0; });
    } catch (error) {
      if (error.status === 401 && token === state.token) return sessionGone();
    }
    tries += 1;
    await new Promise((done) => setTimeout(done, backoff(tries)));
    if (token === state.token) await poll();
  }
}

async function readEvents(onLife) {
  const response = await fetch("/api/chat/events", {
    headers: headers({ Accept: "text/event-stream", ...(state.lastEvent && { "Last-Event-ID": state.lastEvent }) }),
    cache: "no-store",
  });
  if (!response.ok) throw await failure(response);
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    onLife();
    buffer += decoder.decode(value, { stream: true });
    const events = buffer.split(/\r?\n\r?\n/);
    buffer = events.pop();
    events.forEach(receive);
  }
}

function receive(event) {
  const fields = { event: "message", data: "" };
  for (const line of event.split(/\r?\n/)) {
    const [, name, value] = line.match(/^(\w+): ?(.*)$/) || [];
    if (name) fields[name] = name === "data" ? fields.data + value : value;
  }
  if (fields.event !== "message" || !fields.data) return;
  if (fields.id) state.lastEvent = fields.id;
  arrive([JSON.parse(fields.data)]);
}

async function poll() {
  try {
    const { messages } = await api("GET", "/api/chat/messages");
    arrive(messages.filter(({ key }) => key !== "patient")); // the patient's own were put here when sent
  } catch (error) {
    if (error.status === 401) sessionGone();
  }
}

// Replies from outside a request: old ones change neither the page nor the answers on offer. While a message is on its way
// they wait, else the answers on offer would be new ones that cannot yet be pressed.
function arrive(messages) {
  if (state.busy) {
    state.held.push(...messages);
    return;
  }
  const fresh = messages.filter(({ id }) => !state.seen.has(id));
  if (fresh.length) show(fresh);
}

// ---------------------------------------------------------------- language

async function switchLanguage(event) {
  const control = event.currentTarget;
  const language = control.lang;
  if (input.value) storage.set("rygraad.draft", input.value);
  if (!state.token && !embedded) return; // the link does it
  event.preventDefault();
  if (!state.token) return location.replace(control.href); // the way back belongs to the site around the frame
  try {
    const { messages } = await api("PUT", "/api/chat/language", { language });
    if (storage.get("rygraad.token")) return location.assign(`${dataset.path}?language=${language}`);
    const previous = state.language;
    state.language = language;
    Object.assign(control, { lang: previous, value: previous, textContent: ui[`language_${previous}`] });
    show(messages);
  } catch (error) {
    if (error.status === 401) sessionGone();
    else notice(error.message || ui.error_gave_up);
  }
}

// ---------------------------------------------------------------- inside another site

// The site around the frame says "hello" and "open"; it hears "ready" and "close", and never a word of the conversation.
// Only the sites on the clinic's list are listened to, and only they are answered.
let host = "";

function tellHost(word) {
  if (host) parent.postMessage({ rygraad: word }, host);
}

function hearHost({ source, origin, data }) {
  if (source !== parent || !dataset.origins.split(" ").includes(origin)) return;
  const word = data && data.rygraad;
  if (word === "hello") {
    host = origin;
    byId("close").hidden = false;
    tellHost("ready");
  }
  // First the welcome is there to be read; later one goes on where one writes, unless that opens a keyboard over it.
  if (word === "open") (state.token && !touch.matches ? input : log).focus({ preventScroll: true, focusVisible: !!data.seen });
}

function bindHost() {
  if (!embedded || parent === window) return;
  addEventListener("message", hearHost);
  byId("close").addEventListener("click", () => tellHost("close"));
}

// ---------------------------------------------------------------- beginning

function count() {
  const left = input.maxLength - input.value.length;
  byId("hint").textContent = left < 200 ? ui.characters_left.replace("{count}", left) : ui.input_hint;
}

// Comes back to the conversation after a reload. It is not news, so the log keeps silent meanwhile.
async function restore(token) {
  remember(token);
  log.setAttribute("aria-live", "off");
  try {
    const { messages } = await api("GET", "/api/chat/messages");
    if (messages.length) {
      if (byId("gone")) byId("gone").remove(); // whoever is in stays in
      log.replaceChildren();
      state.seen.clear();
      show(messages);
    }
    listen();
  } catch (error) {
    if (error.status === 401) {
      forget(); // the welcome on the page is the new beginning
      notice(ui.session_gone);
    } else notice(ui.error_gave_up, ui.retry, () => { clearNotice(); restore(token); });
  }
  setTimeout(() => log.removeAttribute("aria-live"), 500);
}

function readPage() {
  for (const { dataset: { id } } of log.querySelectorAll("[data-id]")) state.seen.add(id);
  const cards = log.querySelectorAll(".care");
  if (cards.length) {
    const card = cards[cards.length - 1];
    watchCare({ id: card.id.slice("care-".length), care: { level: card.classList[1] } });
  }
  const draft = storage.get("rygraad.draft");
  if (draft && !input.value) input.value = draft;
  storage.drop("rygraad.draft");
}

function bind() {
  form.addEventListener("submit", (event) => {
    if (event.submitter && event.submitter.hasAttribute("formaction")) return; // a download is the browser's own work
    event.preventDefault();
    sendText();
  });
  choices.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    event.preventDefault();
    sendChoice(button);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    sendText();
  });
  input.addEventListener("input", count);
  byId("language").addEventListener("click", switchLanguage);
  addEventListener("online", () => { if (state.pending) resend(state.pending); });
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    if (byId("help").open) byId("help").open = false;
    else tellHost("close");
  });
}

// The patient's own link carries the token behind the #, which no server and no other site ever gets to see.
function ownLink() {
  const found = /^#t=([\w-]{20,})$/.exec(location.hash);
  if (found) history.replaceState(null, "", location.pathname + location.search);
  return found && found[1];
}

function begin() {
  document.documentElement.classList.add("js");
  readPage();
  bind();
  bindHost();
  const given = form.elements.token.value;
  const kept = ownLink() || storage.get("rygraad.token");
  if (given) {
    remember(given);
    listen();
    if ("waiting" in form.dataset) startTyping();
    else if (byId("newest")) scrollTo(byId("newest"), "auto");
  } else if (kept) restore(kept);
}

begin();
