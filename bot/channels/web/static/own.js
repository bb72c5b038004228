// The patient's own pages work without this file; it only offers to print them.
const button = document.querySelector("button.print");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
