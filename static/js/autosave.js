/* form[data-autosave=url]: the whole form goes to the server 2 s after the last change and every 30 s while something is
   unsaved (header X-Autosave: 1). 2xx: saved; 409: somebody else is editing; no network: kept in this browser. */
(function () {
  "use strict";
  const form = document.querySelector("form[data-autosave]");
  if (!form) return;
  const { all, keep, token, iconOf, say } = window.portal;
  const state = document.querySelector("[data-save-state]");
  const key = `draft:${document.body.dataset.user}:${location.pathname}`;
  const SKIPPED = ["csrfmiddlewaretoken", "token", "then"];
  let changed = false;
  let timer = 0;
  let running = false;

  function show(text, icon) {
    if (!state) return;
    const words = document.createElement("span");
    words.textContent = text;
    state.replaceChildren(iconOf(icon), words);
  }
  function content() {
    const data = new FormData(form);
    for (const [name, value] of Array.from(data.entries())) if (value instanceof File) data.delete(name);
    return data;
  }
  function keepHere(data) {
    const pairs = Array.from(data.entries()).filter(([name]) => !SKIPPED.includes(name));
    keep.set(key, JSON.stringify({ pairs, version: form.elements.version?.value || "" }));
  }

  function save() {
    clearTimeout(timer);
    if (!changed || running || form.dataset.sent || form.dataset.locked) return;
    const data = content();
    running = true;
    changed = false;
    fetch(form.dataset.autosave, {
      method: "POST", body: data, redirect: "manual",
      headers: { "X-Autosave": "1", "X-CSRFToken": token(), Accept: "application/json" },
    }).then(async (answer) => {
      const told = (answer.headers.get("Content-Type") || "").includes("json") ? await answer.json() : {};
      if (answer.ok) {
        keep.drop(key);
        if (told.lacks) form.dispatchEvent(new CustomEvent("portal:lacks", { bubbles: true, detail: told.lacks }));
        show(told.message || `草稿已自动保存，${new Date().toTimeString().slice(0, 8)}`, "okc");
        if (!changed) form.dispatchEvent(new CustomEvent("portal:saved"));
      } else if (answer.status === 409) {
        form.dataset.locked = "1";
        keepHere(data);
        show(told.message || "他人正在编辑此记录，您填写的内容暂存在本机", "lock");
        say(told.message || "他人正在编辑此记录。您填写的内容暂存在本机，刷新后核对。", "warn");
      } else if (answer.status === 401 || answer.status === 0 || answer.type === "opaqueredirect") {
        changed = true;
        keepHere(data);
        show("登录已失效，内容暂存在本机", "lock");
        document.dispatchEvent(new CustomEvent("portal:relogin"));
      } else {
        changed = true;
        keepHere(data);
        show(told.message || told.detail || "草稿没有保存，内容暂存在本机", "tri");
      }
    }).catch(() => {
      changed = true;
      keepHere(data);
      show("网络中断，内容暂存在本机", "tri");
    }).finally(() => { running = false; });
  }

  /* put back what the last visit could not save, when nobody changed the record since */
  function restore() {
    const kept = keep.get(key);
    if (!kept) return;
    let told;
    try { told = JSON.parse(kept); } catch { keep.drop(key); return; }
    if (told.version !== (form.elements.version?.value || "")) { keep.drop(key); return; }
    all("[data-rows]", form).forEach((box) => {
      const total = told.pairs.find(([name]) => name === `${box.dataset.rows}-TOTAL_FORMS`);
      const count = () => all("[data-row-line]", box).length;
      while (total && count() < Number(total[1]) && !box.querySelector("[data-row-add]").disabled) box.querySelector("[data-row-add]").click();
    });
    const values = new Map();
    told.pairs.forEach(([name, value]) => values.set(name, [...(values.get(name) || []), value]));
    Array.from(form.elements).forEach((field) => {
      if (!field.name || SKIPPED.includes(field.name) || field.type === "file" || field.name === "version") return;
      const wanted = values.get(field.name) || [];
      const before = field.checked || field.value;
      if (field.type === "checkbox" || field.type === "radio") field.checked = wanted.includes(field.value);
      else if (field.multiple) Array.from(field.options).forEach((o) => { o.selected = wanted.includes(o.value); });
      else if (wanted.length) field.value = wanted[0];
      if ((field.checked || field.value) !== before) ["input", "change"].forEach((name) => field.dispatchEvent(new Event(name, { bubbles: true })));
    });
    changed = true;
    show("已恢复本机暂存的内容，正在保存", "hist");
    save();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-discard]");
    if (!button) return;
    keep.drop(key);
    form.dataset.dropped = "1";
    fetch(button.dataset.discard, { method: "DELETE", headers: { "X-CSRFToken": token() } })
      .then((answer) => { if (answer.ok) location.replace(location.pathname); else say("草稿没有丢弃，稍后重试。", "bad"); })
      .catch(() => say("网络中断，草稿没有丢弃。", "bad"));
  });
  form.addEventListener("input", () => { changed = true; clearTimeout(timer); timer = setTimeout(save, 2000); });
  form.addEventListener("portal:save-now", () => { changed = true; save(); });
  form.addEventListener("portal:changed", () => { changed = true; clearTimeout(timer); timer = setTimeout(save, 2000); });
  form.addEventListener("submit", () => { clearTimeout(timer); });
  document.addEventListener("portal:signed-in", save);
  window.addEventListener("online", save);
  setInterval(save, 30000);
  /* closed or left before the next save: what was typed waits in this browser */
  window.addEventListener("pagehide", () => { if (changed && !form.dataset.sent && !form.dataset.dropped) keepHere(content()); });
  document.addEventListener("DOMContentLoaded", restore); /* rows.js has to be there to add the rows that are missing */
})();
