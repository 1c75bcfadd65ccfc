/* 连续办理 by keyboard. Only outside text fields; no single key commits: A and R prepare, Ctrl+Enter or the button commits.
   Can be switched off in the list of keys (? opens it): WCAG 2.1.4. */
(function () {
  "use strict";
  if (!document.querySelector("[data-review]")) return;
  const { keep, all } = window.portal;
  const help = document.getElementById("keys-dialog");
  const form = document.querySelector("[data-panel-form]");
  const switchBox = document.querySelector("[data-keys-on]");
  let prepared = null;
  let waitsForHome = false;

  const open = document.querySelector(".queue .on");  // far down in a long queue
  if (open) open.closest(".pcard").scrollTop = open.offsetTop - open.offsetHeight;

  switchBox.checked = keep.get("keys") !== "off";
  switchBox.addEventListener("change", () => keep.set("keys", switchBox.checked ? "on" : "off"));
  document.addEventListener("click", (event) => { if (event.target.closest("[data-keys-help]")) help.showModal(); });

  function prepare(kind) {
    if (!form) return;
    prepared = form.querySelector(kind === "r" ? ".btn-danger-line[data-move]" : ".btn-primary[data-move]");
    if (!prepared) return;
    all("[data-move]", form).forEach((button) => button.classList.toggle("ready", button === prepared));
    form.dispatchEvent(new CustomEvent("portal:aim", { detail: prepared }));
    const ready = form.querySelector("[data-ready]");
    ready.textContent = `已选“${prepared.textContent.trim()}”，按 Ctrl+Enter 或点按钮确认，尚未提交`;
    ready.hidden = false;
    if (form.offsetParent) form.querySelector("[data-opinion]").focus();
    else document.querySelector(`[data-sheet-open="${CSS.escape(prepared.dataset.move)}"]`)?.click();
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && prepared) { event.preventDefault(); form.requestSubmit(prepared); return; }
    const typing = event.target.closest("input, textarea, select, [contenteditable], dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || keep.get("keys") === "off") return;
    const pressed = event.key.toLowerCase();
    if (pressed === "?") { help.showModal(); return; }
    if (waitsForHome && pressed === "h") { location.assign(document.querySelector(".brand").href); return; }
    waitsForHome = pressed === "g";
    if (pressed === "a" || pressed === "r") { event.preventDefault(); prepare(pressed); return; }
    if ("jkdo".includes(pressed)) document.querySelector(`[data-key="${pressed}"]`)?.click();
  });
})();
