/* Forms: one submit only, confirmation, unsaved changes, error summary, phrase chips, character count. */
(function () {
  "use strict";
  const { all } = window.portal;
  let leaving = false;

  /* error summary takes the focus; its links go into the field */
  const summary = document.getElementById("errsum");
  if (summary) summary.focus();
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".errsum a");
    if (!link) return;
    const place = document.getElementById(link.getAttribute("href").slice(1));
    if (!place) return;
    event.preventDefault();
    const target = place.matches("input, select, textarea") ? place : place.querySelector("input, select, textarea") || place;
    place.scrollIntoView({ block: "center" });
    target.focus({ preventScroll: true });
  });

  /* the first submit wins: the button says what is going on and nothing can be pressed again */
  function lock(form, button) {
    form.dataset.sent = "1";
    if (button) {
      const label = button.dataset.busy;
      if (button.name) {
        const field = Object.assign(document.createElement("input"), { type: "hidden", name: button.name, value: button.value });
        field.dataset.fromButton = "";
        form.append(field);
      }
      if (label) {
        button.dataset.label = button.innerHTML;
        button.textContent = label;
      }
    }
    setTimeout(() => all("button", form).forEach((b) => { if (b.type === "submit") b.disabled = true; }), 0);
  }
  function unlock(form) {
    delete form.dataset.sent;
    delete form.dataset.confirmed;
    all("[data-from-button]", form).forEach((field) => field.remove());
    all("button", form).forEach((b) => {
      if (b.dataset.label) { b.innerHTML = b.dataset.label; delete b.dataset.label; }
      if (b.type === "submit") b.disabled = false;
    });
  }
  window.portal.unlock = unlock;

  /* an answer that is a file brings no new page: the server says so by a cookie, and the form is free again */
  function awaitFile(form) {
    document.cookie = "file-sent=; Max-Age=0; path=/; SameSite=Strict";
    const watch = setInterval(() => {
      if (!document.cookie.includes("file-sent=1")) return;
      clearInterval(watch);
      document.cookie = "file-sent=; Max-Age=0; path=/; SameSite=Strict";
      form.closest("details[open]")?.removeAttribute("open");
      const done = form.querySelector("[data-file-sent]");
      if (!done) { unlock(form); return; }
      done.hidden = false;
      all("button", form).forEach((b) => b.remove());
    }, 500);
    setTimeout(() => clearInterval(watch), 120000);
  }
  window.addEventListener("pageshow", (event) => { if (event.persisted) all("form[data-sent]").forEach(unlock); });

  /* confirmation: data-confirm-title, -body, -label, -danger, -reason (label of a reason that must be given) */
  const confirmBox = document.getElementById("confirm-dialog");
  function ask(form, button) {
    const words = button?.dataset.confirmTitle ? button.dataset : form.dataset;
    const yes = confirmBox.querySelector("[data-confirm-yes]");
    const reason = confirmBox.querySelector("[data-confirm-reason]");
    const text = reason.querySelector("textarea");
    confirmBox.querySelector("h2").textContent = words.confirmTitle;
    confirmBox.querySelector("[data-confirm-body]").textContent = words.confirmBody || "";
    yes.textContent = words.confirmLabel;
    yes.className = "confirmDanger" in words ? "btn btn-danger-line" : "btn btn-primary";
    reason.hidden = !("confirmReason" in words);
    reason.classList.remove("bad");
    text.value = "";
    if (!reason.hidden) reason.querySelector("label").firstChild.textContent = words.confirmReason || "理由";
    yes.onclick = () => {
      if (!reason.hidden && !text.value.trim()) {
        reason.classList.add("bad");
        reason.querySelector(".err span").textContent = `填写${words.confirmReason || "理由"}`;
        text.setAttribute("aria-invalid", "true");
        text.setAttribute("aria-describedby", "confirm-reason_error");
        text.focus();
        return;
      }
      if (!reason.hidden) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "opinion", value: text.value }));
      confirmBox.close();
      const live = form.isConnected ? form : document.getElementById(form.id);  // drawn anew meanwhile
      live.dataset.confirmed = "1";
      live.requestSubmit(live === form && button ? button : undefined);
    };
    confirmBox.showModal();
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (form.method === "dialog" || form.hasAttribute("hx-get")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    const wants = button?.dataset.confirmTitle || form.dataset.confirmTitle;
    if (wants && confirmBox && !form.dataset.confirmed) { event.preventDefault(); ask(form, button); return; }
    if (event.defaultPrevented || form.method !== "post") return;
    leaving = true;
    lock(form, button);
    awaitFile(form);
  });

  /* unsaved changes: only while the draft is not saved */
  const guarded = document.querySelector("form[data-guard]");
  const leaveBox = document.getElementById("leave-dialog");
  let dirty = false;
  let goal = "";
  if (guarded) {
    guarded.addEventListener("input", () => { dirty = true; });
    guarded.addEventListener("portal:saved", () => { dirty = false; });
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[href]");
      if (!link || !dirty || leaving || link.target || link.getAttribute("href").startsWith("#") || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      goal = link.href;
      leaveBox.querySelector("[data-leave=save]").hidden = !guarded.dataset.autosave;
      leaveBox.showModal();
    });
    leaveBox.addEventListener("click", (event) => {
      const way = event.target.closest("[data-leave]")?.dataset.leave;
      if (!way) return;
      const go = () => { leaving = true; location.assign(goal); };
      if (way === "go") go();
      else {
        guarded.addEventListener("portal:saved", go, { once: true });
        guarded.dispatchEvent(new CustomEvent("portal:save-now"));
      }
    });
    window.addEventListener("beforeunload", (event) => { if (dirty && !leaving) event.preventDefault(); });
  }

  /* data-fill=id, data-value: a button that chooses a value for a field */
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fill]");
    const field = button && document.getElementById(button.dataset.fill);
    if (!field) return;
    field.value = button.dataset.value;
    ["input", "change"].forEach((name) => field.dispatchEvent(new Event(name, { bubbles: true })));
    field.focus();
  });

  /* phrase chips and character count */
  document.addEventListener("click", (event) => {
    const chip = event.target.closest("[data-phrase]");
    if (!chip) return;
    const box = chip.closest(".fld").querySelector("textarea");
    box.value = box.value.trim() ? `${box.value.trim()}${chip.textContent}` : chip.textContent;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
  });
  /* how much is typed and how much fits; what is pasted too long stays, and the page says so at once */
  document.addEventListener("input", (event) => {
    const box = event.target;
    const limit = Number(box.dataset?.limit || 0);
    let place = box.id && document.querySelector(`[data-count-for="${CSS.escape(box.id)}"]`);
    const length = Array.from(box.value || "").length;
    if (!place && limit && length > limit) {
      place = Object.assign(document.createElement("span"), { className: "cnt" });
      place.dataset.countFor = box.id;
      box.after(place);
    }
    if (!place) return;
    const most = limit || Number(place.textContent.match(/\/ (\d+)/)?.[1] || 0);
    place.classList.toggle("over", length > most);
    place.textContent = `${length} / ${most} 字${length > most ? `，超出 ${length - most} 字` : ""}`;
  });

  /* dates: 2026.11.20, 2026/11/20, 20261120 and 2026年11月20日 mean the same; the calendar writes into the text */
  const isoDay = (text) => {
    const parts = text.trim().match(/^(\d{4})(?:[-./年](\d{1,2})[-./月](\d{1,2})日?|(\d{2})(\d{2}))$/);
    return parts ? `${parts[1]}-${(parts[2] || parts[4]).padStart(2, "0")}-${(parts[3] || parts[5]).padStart(2, "0")}` : text;
  };
  function setDay(field, text) {
    if (field.value === text) return;
    field.value = text;
    ["input", "change"].forEach((name) => field.dispatchEvent(new Event(name, { bubbles: true })));
  }
  all("[data-date-open]").forEach((button) => { button.hidden = !("showPicker" in HTMLInputElement.prototype); });
  document.addEventListener("click", (event) => {
    const box = event.target.closest("[data-date-open]")?.closest("[data-date]");
    if (!box) return;
    const native = box.querySelector(".date-native");
    const typed = isoDay(box.querySelector("[name]").value);
    native.value = /^\d{4}-\d{2}-\d{2}$/.test(typed) ? typed : "";
    native.showPicker();
  });
  document.addEventListener("change", (event) => {
    const box = event.target.closest("[data-date]");
    if (!box) return;
    const field = box.querySelector("[name]");
    if (event.target === field) setDay(field, isoDay(field.value));
    else if (event.target.value) { setDay(field, event.target.value); field.focus(); }
  });

  /* file boxes: the chosen name in our own words; a wrong type or size is said before the upload (the server decides) */
  const sized = (bytes) => (bytes >= 1048576 ? `${(bytes / 1048576).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1024))} KB`);
  function fault(input, file) {
    const types = (input.accept || "").split(",").filter(Boolean);
    if (types.length && !types.some((type) => file.name.toLowerCase().endsWith(type))) return `“${file.name}”的格式不能上传，换用下面列出的格式`;
    const most = Number(input.dataset.maxMb || 0);
    return most && file.size > most * 1048576 ? `单个文件不超过 ${most} MB，“${file.name}”为 ${sized(file.size)}` : "";
  }
  document.addEventListener("change", (event) => {
    const box = event.target.closest("[data-pick]");
    if (!box) return;
    const file = event.target.files[0];
    const wrong = file ? fault(event.target, file) : "";
    const place = box.closest("form").querySelector("[data-upload-error]");
    if (place) { place.textContent = wrong; place.hidden = !wrong; }
    if (wrong && place) event.target.value = "";
    box.querySelector("[data-pick-name]").textContent = file && !(wrong && place) ? `${file.name}，${sized(file.size)}` : "或把文件拖到这里";
  });
  ["dragover", "dragleave", "drop"].forEach((name) => document.addEventListener(name, (event) => {
    event.target.closest?.("[data-pick]")?.classList.toggle("over", name === "dragover");
  }));

  /* a refused form is the answer to a POST: coming back to it later reads it anew, from its draft where it has one, and asks nothing */
  if (document.getElementById("errsum")) history.replaceState(history.state, "", location.href);

  /* section list: the one being looked at is marked */
  const sections = all(".fnav a").map((link) => [link, document.querySelector(link.getAttribute("href"))]).filter(([, s]) => s);
  if (sections.length && "IntersectionObserver" in window) {
    const seen = new IntersectionObserver((entries) => {
      entries.filter((e) => e.isIntersecting).forEach((e) => sections.forEach(([link, s]) => link.classList.toggle("on", s === e.target)));
    }, { rootMargin: "-20% 0px -70% 0px" });
    sections.forEach(([, s]) => seen.observe(s));
  }

  /* and says whether everything asked for in it is given; a count of faults stands until the form is handed in again */
  const given = (fld) => all("input:not([type=hidden]), select, textarea", fld)
    .some((input) => (["checkbox", "radio"].includes(input.type) ? input.checked : input.value.trim()));
  let lacks = (document.querySelector("form[data-lacks]")?.dataset.lacks || "").split(" ").filter(Boolean);  // by the rules, as far as saved
  const complete = (section) => !lacks.some((name) => section.querySelector(`[name="${CSS.escape(name)}"]`))
    && (!section.matches("[data-rows]") || section.querySelector("[data-row-line]:not(.gone)"))
    && all(".fld", section).every((fld) => fld.closest(".gone") || !fld.querySelector(".req") || given(fld));
  function progress() {
    sections.forEach(([link, section]) => {
      const mark = link.querySelector(".st.o, .st.p");
      if (!mark) return;
      const done = Boolean(complete(section));
      mark.className = done ? "st o" : "st p";
      mark.textContent = done ? "已完成" : "未完成";
    });
  }
  if (sections.length) {
    ["input", "change", "click"].forEach((name) => document.addEventListener(name, () => setTimeout(progress, 0)));
    document.addEventListener("portal:lacks", (event) => { lacks = event.detail; progress(); });
    window.addEventListener("load", progress);  // after what was kept on this machine is put back
  }
})();
