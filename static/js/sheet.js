/* Approval: a move that needs an opinion asks for it in place; on phones the fixed bar opens the same form as a bottom sheet.
   Nothing commits with one tap: the bar only opens the sheet. */
(function () {
  "use strict";
  const panel = document.querySelector("[data-panel]");
  const form = document.querySelector("[data-panel-form]");
  const sheet = document.getElementById("sheet");
  if (!panel || !form || !sheet) return;
  const opinion = form.querySelector("[data-opinion]");
  const field = opinion.closest(".fld");
  const home = form.parentElement;
  const rule = field.querySelector("label span");
  const rules = [rule.textContent, rule.className];
  let chosen = null;

  /* once somebody says which move it will be: only its phrases, and whether it needs an opinion; null: all of them */
  function aim(move) {
    const wanted = move && (move.classList.contains("btn-danger-line") ? "back" : "on");
    form.querySelectorAll("[data-phrase]").forEach((chip) => { chip.hidden = Boolean(wanted) && chip.dataset.phrase !== wanted; });
    const must = move?.dataset.need === "required";
    [rule.textContent, rule.className] = move ? [must ? "必填" : "选填", must ? "req" : "opt"] : rules;
  }
  form.addEventListener("portal:aim", (event) => aim(event.detail));

  function complain(text) {
    field.classList.toggle("bad", Boolean(text));
    field.querySelector("[data-opinion-error]").textContent = text;
    if (text) {
      opinion.setAttribute("aria-invalid", "true");
      opinion.setAttribute("aria-describedby", "opinion_error");
      opinion.focus();
    } else {
      opinion.removeAttribute("aria-invalid");
      opinion.removeAttribute("aria-describedby");
    }
  }
  form.addEventListener("submit", (event) => {
    const move = event.submitter;
    if (move?.dataset.need === "required" && !opinion.value.trim()) {
      event.preventDefault();
      event.stopPropagation();
      complain(move.dataset.asks ? `填写${move.dataset.asks}` : `填写${move.textContent.trim()}的理由和要求`);
    }
  });
  opinion.addEventListener("input", () => { if (field.classList.contains("bad")) complain(""); });

  document.addEventListener("click", (event) => {
    const open = event.target.closest("[data-sheet-open]");
    if (open) {
      chosen = form.querySelector(`[data-move="${CSS.escape(open.dataset.sheetOpen)}"]`);
      aim(chosen);
      const title = document.getElementById("sheet-title");
      const label = chosen.textContent.trim();
      title.textContent = `${label.replace(/并看下一件$/, "")}：${title.dataset.subject}`;
      sheet.querySelector("[data-sheet-body]").append(form);
      const yes = form.querySelector("[data-sheet-yes]");
      yes.textContent = `确认${label}`;
      yes.className = `btn grow-x ${chosen.classList.contains("btn-danger-line") ? "btn-danger-line" : "btn-primary"}`;
      sheet.showModal();
      opinion.focus();
    }
    if (event.target.closest("[data-sheet-close]") || event.target === sheet) sheet.close();
    if (event.target.closest("[data-sheet-yes]") && chosen) form.requestSubmit(chosen);
  });
  sheet.addEventListener("close", () => { home.append(form); complain(""); aim(null); });
})();
