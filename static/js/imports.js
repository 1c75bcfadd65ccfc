/* A row of the import is checked when somebody leaves it, never while he types in it. */
(function () {
  "use strict";
  const rowOf = (event) => event.target.closest("[data-import-row]");
  document.addEventListener("change", (event) => {
    const row = rowOf(event);
    if (row) row.dataset.touched = "1";
  });
  document.addEventListener("focusout", (event) => {
    const row = rowOf(event);
    if (row?.dataset.touched && !row.contains(event.relatedTarget)) window.htmx.trigger(row, "row-left");
  });
})();
