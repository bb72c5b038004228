// What all workplaces share. Every page works by form post without this file.

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// Copies the text of the element that data-copy names; says so in the button's own status.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const from = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText("value" in from ? from.value : from.textContent.trim());
    const status = document.getElementById(`${button.dataset.copy}-copied`);
    if (status) status.textContent = button.dataset.copied;
  });
}

// The first field that is wrong gets the focus, so that nobody has to look for it.
document.querySelector("[aria-invalid=true]")?.focus();

// A tick that shows what is typed in the password fields of its form.
for (const part of document.querySelectorAll("[data-show-password]")) {
  part.hidden = false;
  const fields = part.closest("form").querySelectorAll("[data-show]");
  part.querySelector("input").addEventListener("change", (event) => {
    for (const field of fields) field.type = event.target.checked ? "text" : "password";
  });
}
