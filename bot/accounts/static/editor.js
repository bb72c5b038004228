// Writing a text: the preview while writing, saving without leaving the place, small helps. Without this file every
// page works by form post.

const WAIT = 400; // ms after the last key
document.documentElement.classList.add("js");

const form = document.getElementById("write");
if (form?.dataset.preview) write(form);
else if (form) warn(form);
const suite = document.querySelector("#suite[data-running]");
if (suite) setTimeout(watch, 2000);

function write(form) {
  const body = form.elements.body;
  const saved = document.getElementById("saved");
  const count = document.getElementById("faults-count");
  const dirty = warn(form);
  let timer, asked = 0;

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, WAIT);
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("formaction")) return;
    event.preventDefault();
    save();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    event.preventDefault();
    save();
  });

  // The preview, rendered by the server; an answer that a later one has overtaken is dropped.
  async function look() {
    const mine = ++asked;
    try {
      const answer = await fetch(form.dataset.preview, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRF": form.elements.csrf.value },
        body: JSON.stringify(written()),
      });
      if (!answer.ok || answer.redirected) throw new Error();
      const html = await answer.text();
      if (mine === asked) show(html);
    } catch {
      if (mine === asked) count.textContent = form.dataset.trouble;
    }
  }

  function written() {
    const data = new FormData(form);
    const titles = {};
    for (const [name, value] of data) if (name.startsWith("button_")) titles[name.slice(7)] = value;
    const { key, language, edition } = form.dataset;
    const one = (name) => (data.has(name) ? { [name]: data.get(name) } : {});
    return { key, language, edition, titles, sources: data.getAll("sources"), ...one("body"), ...one("title"), ...one("alt"), ...one("review_due") };
  }

  function show(html) {
    const found = new DOMParser().parseFromString(html, "text/html");
    for (const part of found.querySelectorAll("[data-part]")) {
      document.getElementById(`part-${part.dataset.part}`)?.replaceChildren(...document.adoptNode(part).childNodes);
    }
    announce();
  }

  // Only how many faults there are is said aloud, and only when that changes.
  function announce() {
    const said = document.querySelector("#part-faults [data-said]")?.textContent ?? "";
    if (count.textContent !== said) count.textContent = said;
    const faulty = [...document.querySelectorAll("#part-faults .fault a")].map((link) => link.hash.slice(1));
    for (const field of form.querySelectorAll("input[id], textarea[id]")) {
      if (faulty.includes(field.id)) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
  }

  // Keeps the words and stays here. Whatever is not simply saved is shown by the server as a page of its own.
  async function save() {
    saved.textContent = form.dataset.saving;
    const data = new URLSearchParams(new FormData(form));
    const sent = data.toString();
    try {
      const answer = await fetch(form.action, { method: "POST", headers: { Accept: "application/json" }, body: data });
      if (!answer.ok) throw new Error();
      form.elements.revision.value = (await answer.json()).revision;
      data.set("revision", form.elements.revision.value);
      dirty.clean(data.toString());
      const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
      saved.textContent = form.dataset.saved.replace("{time}", time);
      return true;
    } catch {
      dirty.clean(sent);
      HTMLFormElement.prototype.submit.call(form);
      return false;
    }
  }

  // What is tried is what is saved: so it is saved first.
  const trying = document.getElementById("try");
  trying?.addEventListener("submit", async (event) => {
    if (!dirty()) return;
    event.preventDefault();
    if (await save()) trying.submit();
  });

  for (const button of form.querySelectorAll("[data-insert]")) {
    button.parentElement.hidden = false;
    button.addEventListener("click", () => {
      const at = body.selectionEnd;
      const before = body.value.slice(0, at).replace(/\n*$/, "");
      const after = body.value.slice(at).replace(/^\n*/, "");
      const inserted = `${before}\n${button.dataset.insert}\n`;
      body.value = inserted + after;
      body.focus();
      body.setSelectionRange(inserted.length, inserted.length);
      form.dispatchEvent(new Event("input"));
    });
  }

  for (const field of form.querySelectorAll("[data-most]")) {
    const words = document.getElementById(`${field.id}-count`);
    const tell = () => {
      const length = [...field.value].length;
      words.textContent = words.dataset.count.replace("{count}", length).replace("{most}", field.dataset.most);
      words.classList.toggle("over", length > Number(field.dataset.most));
    };
    field.addEventListener("input", tell);
    tell();
  }

  // From a fault to the words it is about.
  document.getElementById("part-faults").addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    const field = link && document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    const folded = field.closest("details");
    if (folded) folded.open = true;
    field.focus();
    if (field === body && link.dataset.bubble) select(Number(link.dataset.bubble));
  });

  function select(bubble) {
    const breaks = [...body.value.matchAll(/^(?:\*\*\*|\+\+\+)[ \t]*$/gm)];
    const start = bubble > 1 ? breaks[bubble - 2].index + breaks[bubble - 2][0].length + 1 : 0;
    const end = breaks[bubble - 1] ? Math.max(start, breaks[bubble - 1].index - 1) : body.value.length;
    body.setSelectionRange(start, end);
  }

  if (dirty()) look();
}

// Nobody leaves what is not saved without being asked. Gives whether there is something, and `clean` to say there is not.
function warn(form) {
  const now = () => new URLSearchParams(new FormData(form)).toString();
  let kept = "unsaved" in form.dataset ? "" : now();
  let leaving = false;
  const dirty = () => now() !== kept;
  dirty.clean = (words) => {
    kept = words;
  };
  document.addEventListener("submit", (event) => {
    leaving = !event.defaultPrevented && (event.target === form || event.target.action.endsWith("/drop"));
  });
  addEventListener("beforeunload", (event) => {
    if (!leaving && dirty()) event.preventDefault();
  });
  addEventListener("pageshow", () => {
    leaving = false;
  });
  return dirty;
}

function replace(id, found) {
  const fresh = found.getElementById(id);
  if (fresh) document.getElementById(id)?.replaceWith(document.adoptNode(fresh));
}

// Looks every two seconds whether the safety suite has come to its end; what is being written stays.
async function watch() {
  try {
    const answer = await fetch(location.pathname);
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = found.querySelector("#suite");
    if (answer.redirected) return; // signed out meanwhile
    if (now && !("running" in now.dataset)) {
      for (const id of ["suite", "may-approve"]) replace(id, found);
      document.getElementById("suite-said").textContent = now.querySelector(".mark")?.textContent ?? "";
      return;
    }
  } catch {
    // the next look may succeed
  }
  setTimeout(watch, 2000);
}
