// Puts a button on a site and, behind it, the chat in a frame. Words are filled in where this is served: /widget.js.
// Nothing is stored, nobody else is asked, and nothing more is fetched until somebody presses the button.
(() => {
  const WORDS = {};
  const script = document.currentScript || document.querySelector("script[src*='/widget.js'][data-invite]");
  const { origin } = new URL(script.src);
  const { invite = "", language } = script.dataset;
  const lang = /^en/i.test(language || document.documentElement.lang) ? "en" : "da";
  const words = WORDS[lang];
  const small = "(max-width: 600px), (max-height: 480px)";

  // Nodes and a constructed style: a strict Content-Security-Policy of the site allows both, and its styles stay outside.
  const style = new CSSStyleSheet();
  style.replaceSync(`
    :host { all: initial !important; color-scheme: light dark !important; font: medium/1.4 system-ui, sans-serif !important;
      --page: #f7f4ee !important; --ink: #21302e !important; --accent: #0f5c56 !important; --on: #fff !important }
    @media (prefers-color-scheme: dark) {
      :host { --page: #121a1a !important; --ink: #e9edea !important; --accent: #86d3c3 !important; --on: #06221d !important }
    }
    * { box-sizing: border-box }
    [hidden] { display: none !important }
    button, a { display: flex; align-items: center; justify-content: center; min-height: 44px; padding: .4em 1em;
      border: 2px solid var(--accent); border-radius: 14px; background: none; color: var(--accent); font: inherit;
      font-weight: 600; text-decoration: none; cursor: pointer }
    .first { border-color: transparent; background: var(--accent); color: var(--on) }
    .open { position: fixed; z-index: 2147483647; right: max(20px, env(safe-area-inset-right));
      bottom: max(20px, env(safe-area-inset-bottom)); gap: .6em; min-height: 56px; max-width: calc(100vw - 40px);
      border-radius: 28px; box-shadow: 0 6px 24px #0005 }
    .open:hover { filter: brightness(1.12) }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; box-shadow: 0 0 0 3px var(--page) }
    svg { flex: none; width: 30px; fill: currentColor }
    .spine { fill: none; stroke: var(--accent); stroke-width: 2.9; stroke-linecap: round; stroke-dasharray: 2.5 3.8 }
    dialog { position: fixed; z-index: 2147483647; inset: auto max(20px, env(safe-area-inset-right)) 92px auto; margin: 0;
      padding: 0; width: 410px; height: 700px; max-width: none; max-height: calc(100dvh - 112px); overflow: hidden;
      border: 1px solid #8886; border-radius: 20px; background: var(--page); color: var(--ink); box-shadow: 0 12px 48px #0006 }
    dialog:not([open]) { display: block; visibility: hidden }
    iframe { display: block; width: 100%; height: 100%; border: 0 }
    .wait iframe { visibility: hidden }
    .panel { position: absolute; inset: 0; display: grid; align-content: center; gap: 14px; padding: 28px; text-align: center }
    @media ${small} { dialog { inset: 0; width: 100%; height: 100dvh; max-height: none; border: 0; border-radius: 0 } }
    @media (prefers-reduced-motion: no-preference) { dialog[open] { animation: in .18s } }
    @keyframes in { from { opacity: 0; transform: translateY(12px) } }
    @media print { button, dialog { display: none !important } }
  `);

  const make = (name, attributes, ...children) => {
    const kind = /svg|path/.test(name) ? "2000/svg" : "1999/xhtml";
    const node = document.createElementNS(`http://www.w3.org/${kind}`, name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    node.append(...children);
    return node;
  };
  const box = make("rygraad-chat", { lang });
  const button = make("button", { class: "open first", "aria-expanded": "false", "aria-haspopup": "dialog" },
    make("svg", { viewBox: "0 0 32 32", "aria-hidden": "true" },
      make("path", { d: "M6 2h20a4 4 0 0 1 4 4v16a4 4 0 0 1-4 4H16l-7 5v-5H6a4 4 0 0 1-4-4V6a4 4 0 0 1 4-4z" }),
      make("path", { class: "spine", d: "M13 6.5c4.7 2.4 5.5 4.7 3.2 7.5s-1.6 5.1 3.2 7.5" })),
    words.widget_button);
  const told = make("div", { role: "status" }, words.widget_loading);
  const ways = [
    make("a", { class: "first", target: "_blank", rel: "noreferrer", href: `${origin}/i/${invite}?language=${lang}` },
      words.widget_new_tab),
    make("a", { href: "tel:112" }, words.widget_call),
  ];
  const close = make("button", {}, words.widget_close);
  const panel = make("div", { class: "panel" }, told, close);
  const dialog = make("dialog", { class: "wait", "aria-label": words.widget_button, tabindex: "-1" }, panel);
  let frame, timer, keys;

  const say = (word, seen) => frame.contentWindow.postMessage({ rygraad: word, seen }, origin);
  const ours = () => [box, document.body].includes(document.activeElement);
  const lost = () => {
    told.textContent = words.widget_lost;
    close.before(...ways);
  };
  const wait = (seconds) => {
    clearTimeout(timer);
    timer = setTimeout(lost, seconds * 1000);
  };
  const enter = () => {
    if (!panel.hidden) return dialog.focus();
    frame.focus();
    say("open", keys);
  };
  const open = () => {
    if (!frame) {
      // allow-same-origin keeps the frame's own origin, which is not the site's; allow-popups lets tel: links call.
      frame = make("iframe", {
        src: `${origin}/embed/${invite}?language=${lang}`, title: words.widget_title, allow: "", referrerpolicy: "no-referrer",
        sandbox: "allow-scripts allow-forms allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-downloads",
      });
      frame.onload = () => {
        say("hello");
        wait(4);
      };
      dialog.prepend(frame);
      wait(12);
    }
    // On a small screen it covers everything: then nothing behind it may be reached.
    if (matchMedia(small).matches) dialog.showModal();
    else dialog.show();
    button.setAttribute("aria-expanded", "true");
    enter();
  };

  button.onclick = () => {
    keys = button.matches(":focus-visible"); // whether the focus is to be seen within the frame as well
    if (dialog.open) dialog.close();
    else open();
  };
  close.onclick = () => dialog.close();
  dialog.onclose = () => {
    if (dialog.open) return;
    button.setAttribute("aria-expanded", "false");
    if (ours()) button.focus();
  };
  matchMedia(small).onchange = () => {
    if (!dialog.open) return;
    dialog.close();
    open();
  };
  addEventListener("keydown", ({ key, defaultPrevented }) => {
    if (key === "Escape" && !defaultPrevented) dialog.close();
  });
  addEventListener("message", ({ source, origin: from, data }) => {
    if (!frame || source !== frame.contentWindow || from !== origin) return;
    if (data.rygraad === "close") dialog.close();
    if (data.rygraad !== "ready") return;
    clearTimeout(timer);
    dialog.className = "";
    panel.hidden = true;
    if (dialog.open && ours()) enter();
  });

  const begin = () => {
    if (document.querySelector("rygraad-chat")) return;
    const root = box.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [style];
    root.append(button, dialog);
    document.body.append(box);
  };
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
})();
