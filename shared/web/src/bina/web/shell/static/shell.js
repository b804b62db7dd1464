// Improves pages that already work without it: confirmations, one submit per click, answers kept on this device,
// sibling fragments.
const t = document.documentElement.lang === "en"
  ? { busy: "Sending…", cancel: "Cancel", kept: "Saved on this device", off: "Connection lost. Answers are safe on this device." }
  : { busy: "Mengirim…", cancel: "Batal", kept: "Tersimpan di perangkat ini", off: "Koneksi terputus. Jawaban aman di perangkat ini." };

// <button data-confirm="Question? What follows.">: asks before its form is sent. Only one that was agreed to goes through.
const agreed = new WeakSet();

function ask(button) {
  const dialog = document.createElement("dialog");
  const [, question, rest] = button.dataset.confirm.match(/^(.*?\?)?\s*([^]*)$/);
  const add = (tag, inside, text, more) => Object.assign(inside.appendChild(document.createElement(tag)), { textContent: text, ...more });
  dialog.className = "dialog";
  add("h2", dialog, question || rest, { id: "tanya" });
  if (question && rest) add("p", dialog, rest);
  const answers = add("form", dialog, "", { method: "dialog", className: "actions" });
  add("button", answers, button.textContent.trim(), { value: "ya", className: button.className });
  add("button", answers, t.cancel, { className: "secondary", autofocus: true });
  dialog.setAttribute("aria-labelledby", "tanya");
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (dialog.returnValue !== "ya") return;
    agreed.add(button);
    button.form.requestSubmit(button);
  });
  document.body.append(dialog);
  dialog.showModal();
}

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (submitter?.dataset.confirm && !agreed.delete(submitter)) {
    event.preventDefault();
    ask(submitter);
    return;
  }
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  submitter?.setAttribute("aria-busy", "true");
});

// Coming back with the browser's button must not leave a dead form.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

document.querySelector(".summary")?.focus();

// <form data-draft="name"> with <p data-draft-state role="status">: answers survive a closed tab or lost network.
// A receipt page says <p data-draft-done="name">: only then is the draft deleted.
const key = (name) => `bina-draft:${name}`;
const hidden = new Set(["form_token", "command_key"]);

function answers(form) {
  return [...new FormData(form)].filter(([name, value]) => !hidden.has(name) && typeof value === "string");
}

function restore(form) {
  let kept = [];
  try {
    kept = JSON.parse(localStorage.getItem(key(form.dataset.draft)) ?? "[]");
  } catch {
    return;
  }
  for (const [name, value] of kept) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (field.type === "radio" || field.type === "checkbox") field.checked ||= field.value === value;
      else if (!field.value) field.value = value;
    }
  }
}

for (const form of document.querySelectorAll("form[data-draft]")) {
  const state = form.querySelector("[data-draft-state]");
  const say = () => {
    if (state) state.textContent = navigator.onLine ? t.kept : t.off;
  };
  restore(form);
  form.addEventListener("input", () => {
    try {
      localStorage.setItem(key(form.dataset.draft), JSON.stringify(answers(form)));
      say();
    } catch {
      // full or forbidden storage: the form still works
    }
  });
  window.addEventListener("offline", say);
  window.addEventListener("online", say);
}

for (const done of document.querySelectorAll("[data-draft-done]")) {
  try {
    localStorage.removeItem(key(done.dataset.draftDone));
  } catch {
    // nothing was kept
  }
}

// A sibling's fragment replaces its link; when the sibling is away the link stays.
for (const place of document.querySelectorAll("[data-fragment]")) {
  fetch(place.dataset.fragment, { headers: { "X-Fragment": "1" }, signal: AbortSignal.timeout(4000) })
    .then((answer) => (answer.ok && !answer.redirected ? answer.text() : ""))
    .then((html) => {
      const page = new DOMParser().parseFromString(html, "text/html");
      const part = page.querySelector("main") ?? page.body;
      if (part.children.length) place.replaceChildren(...part.children);
    })
    .catch(() => {});
}
