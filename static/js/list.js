/* Lists: folding of the query form, selected rows and bulk bar, columns and row height (kept per list and person). */
(function () {
  "use strict";
  const { all, keep, token } = window.portal;
  const list = () => document.querySelector("[data-list]");

  /* query form */
  function fold(form, closed) {
    form.classList.toggle("closed", closed);
    const button = form.querySelector("[data-fold]");
    if (!button) return;
    button.setAttribute("aria-expanded", String(!closed));
    button.querySelector("span").textContent = closed ? "展开" : "收起";
  }
  const query = document.querySelector("[data-query]");
  if (query && query.querySelector("[data-fold]")) {
    const used = all(".extra input, .extra select", query).some((field) => (field.type === "checkbox" ? field.checked : field.value));
    fold(query, !used && keep.get(`fold:${location.pathname}`) !== "open");
  }
  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    if (on("[data-fold]")) {
      const closed = !query.classList.contains("closed");
      fold(query, closed);
      keep.set(`fold:${location.pathname}`, closed ? "closed" : "open");
    }
    const unfold = on("[data-unfold]");
    if (unfold) {
      const open = query.classList.toggle("unfolded");
      unfold.setAttribute("aria-expanded", String(open));
    }
    const density = on("[data-density]");
    if (density) change({ dense: density.dataset.density === "dense" });
    if (on("[data-bulk-none]")) { checks().forEach((box) => { box.checked = false; }); everything(false); }
    if (on("[data-bulk-everything]")) everything(true);
  });

  /* selected rows */
  const checks = () => all("[data-check]");
  function everything(on) {
    const flag = document.querySelector("[data-bulk-all]");
    if (flag) flag.value = on ? "1" : "";
    if (on) checks().forEach((box) => { box.checked = true; });
    count();
  }
  function count() {
    const bar = document.querySelector("[data-bulk]");
    if (!bar) return;
    const boxes = checks();
    const chosen = boxes.filter((box) => box.checked);
    const flag = bar.querySelector("[data-bulk-all]");
    if (chosen.length < boxes.length) flag.value = "";
    const everyone = bar.querySelector("[data-bulk-everything]");
    bar.querySelector("[data-bulk-count]").textContent = flag.value && everyone ? everyone.dataset.bulkEverything : chosen.length;
    bar.hidden = !chosen.length;
    boxes.forEach((box) => box.closest("tr").classList.toggle("sel", box.checked));
    const head = document.querySelector("[data-check-all]");
    if (head) { head.checked = Boolean(chosen.length) && chosen.length === boxes.length; head.indeterminate = chosen.length > 0 && chosen.length < boxes.length; }
  }
  document.addEventListener("change", (event) => {
    const many = event.target.closest("[data-many]");
    if (many) {
      const labels = all("input:checked", many).map((box) => box.parentElement.textContent.trim());
      many.querySelector("[data-chosen]").textContent = labels.length > 1 ? `已选 ${labels.length} 项` : labels[0] || "全部";
    }
    if (event.target.matches("[data-check-all]")) checks().forEach((box) => { box.checked = event.target.checked; });
    if (event.target.matches("[data-check], [data-check-all]")) count();
    if (event.target.matches("[data-columns] input")) {
      const boxes = all("[data-columns] input");
      const still = (look().off || []).filter((name) => boxes.some((box) => box.value === name && box.disabled));
      change({ off: [...still, ...boxes.filter((box) => !box.checked && !box.disabled).map((box) => box.value)] });
    }
  });

  /* columns and row height */
  let worn = null;  // the look of an opened view: of this page alone, one's own stays as it is
  let own = list() ? JSON.parse(list().dataset.own || "{}") : {};
  let saving = null;
  const look = () => worn || own;
  function change(what) {
    Object.assign(look(), what);
    if (!worn) { clearTimeout(saving); saving = setTimeout(save, 400); }
    dress();
  }
  function save() {
    saving = null;
    const data = new FormData();
    data.set("list", list().dataset.list);
    data.set("look", JSON.stringify(own));
    return fetch(list().dataset.keep, { method: "POST", body: data, keepalive: true, headers: { "X-CSRFToken": token() } }).catch(() => {});
  }
  window.addEventListener("pagehide", () => { if (saving) { clearTimeout(saving); save(); } });
  document.addEventListener("click", (event) => {
    const view = event.target.closest(".views a");
    if (view && view.dataset.look) worn = JSON.parse(view.dataset.look);
    else if (view) worn = null;
    if (event.target.closest('[data-dialog-open="view-dialog"]')) document.querySelector("[data-look-now]").value = JSON.stringify(look());
    const shift = event.target.closest("[data-column-by]");
    if (shift) { event.preventDefault(); move(shift.dataset.column, Number(shift.dataset.columnBy)); }
  });
  document.addEventListener("submit", (event) => {  // an export takes the columns as they stand here
    const names = event.target.querySelector('[name="columns"]');
    if (names && list()) names.value = heads().filter((name) => !(look().off || []).includes(name)).join(",");
  });
  const heads = () => all("th[data-col]", list()).map((head) => head.dataset.col);
  function move(name, by) {
    const names = heads();
    const at = names.indexOf(name);
    if (at < 0 || !names[at + by]) return;
    [names[at + by], names[at]] = [names[at], names[at + by]];
    change({ order: names });
    const menu = list().querySelector("[data-columns]");
    menu.replaceChildren();
    dress();
    menu.querySelector(`[data-column="${name}"][data-column-by="${by}"]`)?.focus();
  }
  function arrange() {
    const order = look().order || [];
    if (!order.length) return;
    const place = (cell) => { const at = order.indexOf(cell.dataset.col); return at < 0 ? order.length : at; };
    all("tr", list()).forEach((row) => {
      const cells = all("[data-col]", row);
      const after = cells.length ? cells[cells.length - 1].nextSibling : null;
      cells.sort((one, other) => place(one) - place(other)).forEach((cell) => row.insertBefore(cell, after));
    });
  }
  function dress() {
    if (!list()) return;
    arrange();
    const off = new Set(look().off || []);
    all("[data-col]", list()).forEach((cell) => { cell.hidden = off.has(cell.dataset.col); });
    const dense = Boolean(look().dense);
    list().querySelector(".tbl")?.classList.toggle("dense", dense);
    all("[data-density]").forEach((button) => {
      const on = (button.dataset.density === "dense") === dense;
      button.classList.toggle("on", on);
      button.setAttribute("aria-pressed", String(on));
    });
    const menu = list().querySelector("[data-columns]");
    if (menu && !menu.childElementCount) {
      all("th[data-col]", list()).forEach((head) => {
        const name = head.textContent.trim();
        if (!name || head.matches(".act")) return;
        const line = Object.assign(document.createElement("div"), { className: "col-line" });
        const label = document.createElement("label");
        const box = Object.assign(document.createElement("input"), { type: "checkbox", value: head.dataset.col, className: "form-check-input" });
        const left = head.matches(".lg-hide") && document.documentElement.dataset.size === "large";
        box.checked = !off.has(head.dataset.col) && !left;
        box.disabled = head.matches(".m1") || left;
        label.append(box, left ? `${name}（关怀版不显示）` : name);
        line.append(label, ...[["前移", -1], ["后移", 1]].map(([text, by]) => {
          const button = Object.assign(document.createElement("button"), { type: "button", textContent: text });
          Object.assign(button.dataset, { column: head.dataset.col, columnBy: by });
          button.setAttribute("aria-label", `${name}${text}一列`);
          return button;
        }));
        menu.append(line);
      });
      const reset = Object.assign(document.createElement("button"), { type: "button", textContent: "恢复默认" });
      reset.addEventListener("click", async () => {
        if (!worn) { own = { dense: own.dense }; clearTimeout(saving); await save(); }
        location.reload();
      });
      menu.append(document.createElement("hr"), reset);
    }
    count();
  }
  document.addEventListener("htmx:afterSettle", dress);
  window.addEventListener("pageshow", count);  // the browser ticks again what was ticked before “back”
  const open = document.querySelector(".views a.on[data-look]");
  if (open) worn = JSON.parse(open.dataset.look);
  dress();
})();
