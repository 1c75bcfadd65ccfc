/* A row of the import is checked when somebody leaves it, never while he types in it. */
(function () {
  "use strict";
  /* whoever comes back to the columns sees them as he arranged them, not the step after */
  if (document.getElementById("mapping")) history.replaceState(history.state, "", `${location.pathname}?again=1`);

  const rowOf = (event) => event.target.closest("[data-import-row]");
  document.addEventListener("change", (event) => {
    const row = rowOf(event);
    if (row) row.dataset.touched = "1";
  });
  /* what stands in a row that was not left yet goes with the page: the browser asks first */
  const typing = new Set();
  document.addEventListener("input", (event) => { const row = rowOf(event); if (row) typing.add(row); });
  window.addEventListener("beforeunload", (event) => {
    if ([...typing].some((row) => row.isConnected)) event.preventDefault();
  });
  document.addEventListener("submit", () => typing.clear());
  document.addEventListener("htmx:beforeRequest", (event) => typing.delete(rowOf(event)));
  document.addEventListener("focusout", (event) => {
    const row = rowOf(event);
    if (row?.dataset.touched && !row.contains(event.relatedTarget)) window.htmx.trigger(row, "row-left");
  });
})();
