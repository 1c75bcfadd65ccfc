/* [data-rows=prefix]: repeating rows of a Django formset. Adding copies the <template data-row>; removing marks DELETE where the
   formset has it, else takes the row out and numbers the rest anew. The first and last row keep the focus inside the table. */
(function () {
  "use strict";
  const { all } = window.portal;

  function counts(box) {
    const prefix = box.dataset.rows;
    return { total: document.getElementById(`id_${prefix}-TOTAL_FORMS`), initial: document.getElementById(`id_${prefix}-INITIAL_FORMS`) };
  }
  function tell(box) {
    const limit = Number(box.dataset.max || 1000);
    const shown = all("[data-row-line]:not(.gone)", box).length;
    box.querySelector("[data-row-add]").disabled = shown >= limit;
    box.closest("form")?.dispatchEvent(new CustomEvent("portal:changed"));
  }
  function add(box) {
    const { total } = counts(box);
    const holder = document.createElement("template"); // takes table rows and cards alike
    holder.innerHTML = box.querySelector("template[data-row]").innerHTML.replaceAll("__prefix__", total.value);
    const line = holder.content.firstElementChild;
    box.querySelector("[data-rows-body]").append(line);
    total.value = Number(total.value) + 1;
    all("[data-date-open]", line).forEach((button) => { button.hidden = !("showPicker" in HTMLInputElement.prototype); });
    line.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    tell(box);
  }
  function renumber(box) {
    const prefix = box.dataset.rows;
    const pattern = new RegExp(`(${prefix}-)\\d+(-)`);
    const lines = all("[data-row-line]", box);
    lines.forEach((line, index) => {
      all("[name], [id], [for], [data-count-for]", line).forEach((part) => {
        ["name", "id", "for", "aria-describedby", "data-count-for"].forEach((what) => {
          if (part.hasAttribute(what)) part.setAttribute(what, part.getAttribute(what).replace(pattern, `$1${index}$2`));
        });
      });
    });
    counts(box).total.value = lines.length;
  }
  function remove(box, line) {
    const mark = line.querySelector("[name$=-DELETE]");
    const next = line.nextElementSibling || line.previousElementSibling;
    if (mark) {
      mark.checked = true;
      line.classList.add("gone");
    } else {
      line.remove();
      renumber(box);
    }
    (next && !next.classList.contains("gone") ? next.querySelector("[data-row-remove]") : box.querySelector("[data-row-add]"))?.focus();
    tell(box);
  }
  document.addEventListener("click", (event) => {
    const box = event.target.closest("[data-rows]");
    if (!box) return;
    if (event.target.closest("[data-row-add]")) add(box);
    const button = event.target.closest("[data-row-remove]");
    if (button) remove(box, button.closest("[data-row-line]"));
  });
  all("[data-rows]").forEach((box) => {
    all("[name$=-DELETE]", box).filter((mark) => mark.checked).forEach((mark) => mark.closest("[data-row-line]")?.classList.add("gone"));
  });
})();
