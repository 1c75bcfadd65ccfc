/* The session, seen from the page: a warning before it ends, and a login in place that loses nothing.
   The dialog #relogin-dialog stands in parts/dialogs.html; body[data-user] names whose page this is.
   Other scripts: dispatch `portal:relogin` on document to ask for the dialog, listen to `portal:signed-in`,
   or use window.portal.fetch, which waits for the login and repeats the request. */
(function () {
  "use strict";
  const SESSION = "/session/";
  const AGAIN = "/login/again/";
  const POLL = 60000;
  const owner = document.body.dataset.user;
  const dialog = document.getElementById("relogin-dialog");
  if (!owner || owner === "None" || !dialog || !window.portal) return;
  const { say, all } = window.portal;
  const form = dialog.querySelector("form");
  const fault = dialog.querySelector("[data-relogin-error]");
  const password = form.elements.password;
  const button = form.querySelector("[type=submit]");
  let ended = false;
  let asking = null; /* the promise of the open dialog */
  let finish = null;
  let warning = null;

  function renew(csrf) {
    const headers = JSON.parse(document.body.getAttribute("hx-headers") || "{}");
    headers["X-CSRFToken"] = csrf;
    document.body.setAttribute("hx-headers", JSON.stringify(headers));
    all("input[name=csrfmiddlewaretoken]").forEach((field) => { field.value = csrf; });
  }
  function isOurs(told) {
    if (String(told.user) === owner) return true;
    say("此浏览器已用其他账号登录。复制未保存的内容后刷新页面。", "bad");
    return false;
  }
  function complain(text) {
    fault.querySelector("div").textContent = text;
    fault.hidden = !text;
  }
  function unwarn() {
    if (warning) warning.remove();
    warning = null;
  }
  function back(csrf) {
    ended = false;
    renew(csrf);
    unwarn();
    document.dispatchEvent(new CustomEvent("portal:signed-in"));
  }

  /* GET tells the state and prolongs nothing; POST is the person's wish to go on */
  async function look(method) {
    const answer = await fetch(SESSION, {
      method: method || "GET", credentials: "same-origin",
      headers: { "X-Background": "1", "X-CSRFToken": window.portal.token(), Accept: "application/json" },
    });
    if (!answer.ok) throw new Error("session state unknown");
    return answer.json();
  }

  /* Resolves with true once the same person is logged in again, with false when the dialog was left. */
  function ask() {
    if (asking) return asking;
    ended = true;
    asking = look().then((told) => {
      if (told.state === "active") { /* somebody logged in again in another window */
        if (!isOurs(told)) return false;
        back(told.csrf);
        return true;
      }
      renew(told.csrf);
      unwarn();
      complain("");
      if (told.reason) complain(told.reason);
      password.value = "";
      if (!dialog.open) dialog.showModal();
      password.focus();
      return new Promise((resolve) => { finish = resolve; });
    }).catch(() => {
      say("网络中断，恢复后重新操作。", "bad");
      return false;
    }).finally(() => { asking = null; finish = null; });
    return asking;
  }

  function leave(told) { /* logged in again: the dialog has nothing left to ask */
    const done = finish;
    back(told.csrf);
    if (done) done(isOurs(told));
    dialog.close();
  }
  /* a page that is open for somebody tells the other tabs, where the dialog may stand */
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("portal-session") : null;
  if (tabs) {
    tabs.addEventListener("message", () => {
      if (dialog.open) look().then((told) => { if (told.state === "active" && isOurs(told)) leave(told); }).catch(() => {});
    });
    tabs.postMessage("here");
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!password.value) { complain("填写密码"); password.focus(); return; }
    const label = button.textContent;
    button.disabled = true;
    button.textContent = "正在登录…";
    try {
      const answer = await fetch(AGAIN, {
        method: "POST", credentials: "same-origin", body: new FormData(form),
        headers: { "X-Requested-With": "fetch", "X-CSRFToken": window.portal.token(), Accept: "application/json" },
      });
      const told = await answer.json();
      if (answer.ok) {
        leave(told);
      } else {
        complain(told.detail);
        password.value = "";
        password.focus();
      }
    } catch {
      complain("网络中断，恢复后重新登录。");
    } finally {
      button.disabled = false;
      button.textContent = label;
    }
  });
  dialog.addEventListener("close", () => { password.value = ""; if (finish) finish(false); });
  all("[data-dialog-close]", dialog).forEach((close) => close.addEventListener("click", () => dialog.close()));

  /* htmx: the same request again, with what stands in the page now */
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr, requestConfig: asked, target } = event.detail;
    if (xhr.status !== 401 || xhr.getResponseHeader("X-Session") !== "ended") return;
    ask().then((isBack) => {
      if (isBack) window.htmx.ajax(asked.verb.toUpperCase(), asked.path, { source: asked.elt, target, event: asked.triggeringEvent });
    });
  });

  window.portal.fetch = async function (url, options) {
    const send = () => {
      const headers = new Headers((options || {}).headers);
      headers.set("X-Requested-With", "fetch");
      headers.set("X-CSRFToken", window.portal.token());
      return fetch(url, { ...options, headers, credentials: "same-origin" });
    };
    let answer = await send();
    if (answer.status === 403 && (await answer.clone().json().catch(() => ({}))).code === "csrf") {
      const told = await look(); /* logged in again in another tab: nothing was done, so the same press goes once more */
      if (told.state !== "active" || !isOurs(told)) return answer;
      renew(told.csrf);
      answer = await send();
    }
    if (answer.status !== 401 || answer.headers.get("X-Session") !== "ended") return answer;
    return (await ask()) ? send() : answer;
  };

  /* a form sent after the end waits for the login and then goes as it is, files included */
  document.addEventListener("submit", (event) => {
    const sent = event.target;
    if (!ended || sent === form || sent.matches("[data-logout]") || sent.method !== "post") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { submitter } = event;
    ask().then((isBack) => { if (isBack) sent.requestSubmit(submitter || undefined); });
  }, true);
  document.addEventListener("portal:relogin", ask);

  function warn(seconds) {
    const text = `还有${Math.max(1, Math.ceil(seconds / 60))}分钟将退出登录。`;
    if (warning) { warning.querySelector("[data-left]").textContent = text; return; }
    warning = document.createElement("div");
    warning.className = "note warn";
    warning.setAttribute("role", "alert");
    const words = document.createElement("div");
    words.dataset.left = "";
    words.textContent = text;
    const stay = document.createElement("button");
    stay.type = "button";
    stay.className = "btn btn-line btn-sm";
    stay.textContent = "继续使用";
    stay.addEventListener("click", () => look("POST").then(see).catch(() => say("网络中断，恢复后重新操作。", "bad")));
    warning.append(words, stay);
    document.getElementById("messages")?.append(warning);
  }
  function see(told) {
    if (told.state === "ended") { if (!asking) ask(); return; }
    if (!isOurs(told)) { clearInterval(watch); return; }
    renew(told.csrf); /* a login in another tab made this page's proof void */
    if (told.seconds_left <= told.warn_at) warn(told.seconds_left);
    else unwarn();
  }
  const watch = setInterval(() => { if (!dialog.open) look().then(see).catch(() => {}); }, POLL);
})();
