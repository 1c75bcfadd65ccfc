/* The shell: menu, text size, colours, search key, messages, loading bar, pop-downs, polling of the to-do count. */
(function () {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");

  const all = (selector, inside) => Array.from((inside || document).querySelectorAll(selector));
  const cookie = (name, value) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${name}=${value}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
  };
  const token = () => {
    const given = document.body.getAttribute("hx-headers");
    const field = document.querySelector("[name=csrfmiddlewaretoken]");
    return given ? JSON.parse(given)["X-CSRFToken"] : field ? field.value : "";
  };
  const keep = {
    get(key) { try { return localStorage.getItem(key); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, value); } catch { /* storage is full or off */ } },
    drop(key) { try { localStorage.removeItem(key); } catch { /* storage is off */ } },
  };

  const LOOKS = { ok: "okc", bad: "xc", warn: "tri", "": "info" };
  const iconOf = (name) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "ico");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `#i-${name}`);
    svg.append(use);
    return svg;
  };

  /* One line in the message bar; kind: ok, bad, warn or "". Errors stay, the rest goes after 5 s. */
  function say(text, kind) {
    const bar = document.getElementById("messages");
    if (!bar) return;
    const look = kind in LOOKS ? kind : "";
    const note = document.createElement("div");
    const body = document.createElement("div");
    const close = document.createElement("button");
    note.className = `note ${look}`.trim();
    if (look === "bad") note.setAttribute("role", "alert");
    body.textContent = text;
    close.type = "button";
    close.className = "close";
    close.dataset.close = "";
    close.setAttribute("aria-label", "关闭此消息");
    close.append(iconOf("x"));
    note.append(iconOf(LOOKS[look]), body, close);
    bar.append(note);
    if (look !== "bad") setTimeout(() => note.remove(), 5000);
  }
  window.portal = { say, token, keep, iconOf, all };

  /* menu */
  const opened = new Set((keep.get("menu") || "").split(",").filter(Boolean));
  const setGroup = (line, open) => {
    line.classList.toggle("open", open);
    line.querySelector("button").setAttribute("aria-expanded", String(open));
    line.querySelector("ul").hidden = !open;
  };
  all(".menu [data-group]").forEach((line) => { if (opened.has(line.dataset.group)) setGroup(line, true); });
  function drawer(open) {
    document.body.classList.toggle("menu-open", open);
    all("[data-menu]").forEach((button) => button.setAttribute("aria-expanded", String(open)));
    if (open) document.querySelector("#side a, #side button")?.focus();
  }

  /* 关怀版 and dark mode */
  function setSize(large) {
    if (large) root.dataset.size = "large"; else delete root.dataset.size;
    all("[data-text-size]").forEach((button) => button.setAttribute("aria-pressed", String(large)));
    all("[data-size-form] [name=size]").forEach((field) => { field.value = large ? "normal" : "large"; });
    cookie("size", large ? "large" : "normal");
    const form = document.querySelector("[data-size-form]");
    if (!form || form.getAttribute("action") === "#") return;
    const data = new FormData(form);
    data.set("size", large ? "large" : "normal");
    fetch(form.action, { method: "POST", body: data, headers: { "X-CSRFToken": token(), "X-Background": "1" }, redirect: "manual" }).catch(() => {});
  }
  function setTheme(dark) {
    root.dataset.bsTheme = dark ? "dark" : "light";
    all("[data-theme-toggle]").forEach((button) => button.setAttribute("aria-pressed", String(dark)));
    cookie("theme", dark ? "dark" : "light");
    const address = document.body.dataset.preferences;
    if (address) {
      const data = new FormData();
      if (dark) data.set("prefers_dark", "on");
      if (root.dataset.size === "large") data.set("prefers_large", "on");
      fetch(address, { method: "POST", body: data, headers: { "X-CSRFToken": token(), "X-Background": "1" } }).catch(() => {});
    }
    document.dispatchEvent(new CustomEvent("portal:theme"));
  }

  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    const group = on(".menu [data-group] > button");
    if (group) {
      const line = group.parentElement;
      const open = !line.classList.contains("open");
      setGroup(line, open);
      opened[open ? "add" : "delete"](line.dataset.group);
      keep.set("menu", Array.from(opened).join(","));
    }
    if (on("[data-menu]")) drawer(!document.body.classList.contains("menu-open"));
    else if (!on(".app-side")) drawer(false);
    if (on("[data-text-size]")) { event.preventDefault(); setSize(root.dataset.size !== "large"); }
    if (on("[data-theme-toggle]")) setTheme(root.dataset.bsTheme !== "dark");
    if (on("[data-close]")) on("[data-close]").closest(".note").remove();
    if (on("[data-print]")) window.print();
    if (on("[data-back]")) history.back();
    const dialogClose = on("[data-dialog-close]");
    if (dialogClose) dialogClose.closest("dialog").close();
    const dialogOpen = on("[data-dialog-open]");
    if (dialogOpen) document.getElementById(dialogOpen.dataset.dialogOpen)?.showModal();
    all("details[data-pop][open]").forEach((pop) => { if (!pop.contains(event.target)) pop.open = false; });
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (document.body.classList.contains("menu-open")) { drawer(false); document.querySelector("[data-menu]")?.focus(); }
      all("details[data-pop][open]").forEach((pop) => { pop.open = false; pop.querySelector("summary").focus(); });
    }
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey && keep.get("keys") !== "off") {
      const search = document.querySelector("[data-search]");
      if (search && search.offsetParent) { event.preventDefault(); search.focus(); }
    }
  });

  /* Nothing typed stays on a shared machine after 退出. */
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-logout]")) return;
    Object.keys(localStorage).filter((key) => key.startsWith("draft:")).forEach((key) => keep.drop(key));
  });

  /* to-do count, every minute while the page is looked at; the header tells the server not to prolong the session */
  const bell = document.querySelector("[data-poll]");
  if (bell) setInterval(() => {
    if (document.visibilityState !== "visible") return;
    fetch(bell.dataset.poll, { headers: { "X-Background": "1" } })
      .then((answer) => (answer.ok ? answer.json() : null))
      .then((data) => {
        if (!data) return;
        all("[data-todo-count]").forEach((place) => { place.textContent = data.count; place.hidden = !data.count; });
        bell.setAttribute("aria-label", `待办 ${data.count} 件`);
      })
      .catch(() => {});
  }, 60000);

  /* htmx: loading bar, and what to say when an answer is no success */
  const loading = (on) => document.getElementById("loadbar")?.classList.toggle("on", on);
  document.addEventListener("htmx:beforeRequest", () => loading(true));
  document.addEventListener("htmx:afterRequest", () => loading(false));
  document.addEventListener("htmx:sendError", () => say("网络中断，没有收到结果。恢复后重新操作。", "bad"));
  document.addEventListener("htmx:responseError", (event) => {
    const answer = event.detail.xhr;
    const number = answer.getResponseHeader("X-Request-ID");
    if (answer.status === 401) return; /* relogin.js */
    if (answer.status === 409) say("此记录已被他人办理或修改，刷新后查看。", "bad");
    else if (answer.status === 403) say("您没有此项操作的权限。", "bad");
    else if (answer.status === 404) say("没有找到这条记录，可能已作废或编号有误。", "bad");
    else say(`没有完成，稍后重试${number ? `。问题编号 ${number}` : ""}`, "bad");
  });
})();
