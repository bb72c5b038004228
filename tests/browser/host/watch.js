// A curious site: keeps every message that passes through its window.
window.heard = [];
addEventListener("message", ({ data, origin }) => window.heard.push({ data, origin }));
