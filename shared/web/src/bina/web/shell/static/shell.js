// Improves pages that already work without it: confirmations, one submit per click, answers kept on this device,
// sibling fragments, printing, pages that say what has changed.
const t = document.documentElement.lang === "en"
  ? { busy: "Sending…", cancel: "Cancel", kept: "Saved on this device", off: "Connection lost. Answers are safe on this device.",
      news: (n) => (n === 1 ? "1 update" : `${n} updates`), show: "Show", slow: "This page updates itself about every half minute." }
  : { busy: "Mengirim…", cancel: "Batal", kept: "Tersimpan di perangkat ini", off: "Koneksi terputus. Jawaban aman di perangkat ini.",
      news: (n) => `${n} pembaruan`, show: "Tampilkan", slow: "Halaman ini memperbarui diri sekitar tiap setengah menit." };

// Pages kept for a reload without a network go with whoever signs out, and where nobody is signed in; what waits to be sent
// stays.
const out = document.querySelector("form[action='/keluar']");
const drop = async (kept) => (await caches.keys()).filter((name) => name.startsWith(kept)).forEach((name) => caches.delete(name));
if (globalThis.caches) out ? out.addEventListener("submit", () => drop("bina-")) : drop("bina-claim:");

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

// Where a field cannot wrap what is chosen the whole of it is told beneath: closed lists of Firefox and Safari, and in every
// browser those that are found by typing.
const wraps = CSS.supports("appearance", "base-select");

function cutsWords(list, text) {
  const alone = list.cloneNode();
  alone.removeAttribute("id");
  alone.style.cssText = "position: absolute; visibility: hidden; width: max-content; max-width: none";
  alone.append(new Option(text));
  list.after(alone);
  const wanted = alone.getBoundingClientRect().width;
  alone.remove();
  return wanted > list.getBoundingClientRect().width + 0.5;
}

function tellChosen(list) {
  const field = list.hidden ? list.parentNode.querySelector("[role=combobox]") : list;
  if (!field?.offsetWidth || (wraps && field === list)) return; // folded away, or whole as it is
  const text = list.selectedOptions[0]?.text ?? "";
  const isCut = field === list ? cutsWords(list, text) : field.scrollWidth > field.clientWidth;
  const beneath = list.parentNode.querySelector("p.chosen");
  if (!isCut) return beneath?.remove();
  const line = beneath ?? document.createElement("p");
  Object.assign(line, { className: "hint chosen", textContent: text, ariaHidden: "true" });
  list.after(line);
}

const tellAll = () => document.querySelectorAll("select").forEach(tellChosen);
for (const type of ["change", "toggle"]) document.addEventListener(type, tellAll, true);
for (const type of ["resize", "pageshow"]) addEventListener(type, tellAll);
document.fonts.ready.then(tellAll);

// Coming back with the browser's button must not leave a dead form.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

document.querySelector(".summary")?.focus();

// <button type="button" data-print hidden>: there is no printing by a button without a script.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

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

// Of the same shape: texts and attributes change in place. Of another one: exchanged, unless somebody is in there.
function put(part, now) {
  if (part.isEqualNode(now)) return true;
  if (isFilled(part) || isAskedAbout(part)) return false;
  if (isAlike(part, now)) change(part, now);
  else if (part.contains(document.activeElement) || document.querySelector("dialog[open]")) return false;
  else {
    dress(part, now);
    part.replaceChildren(...now.childNodes);
  }
  return true;
}

const isFilled = (part) =>
  part.querySelector("form[data-sent]") ||
  [...part.querySelectorAll("input:not([type=hidden]), textarea, option")].some((field) =>
    "defaultSelected" in field
      ? field.selected !== field.defaultSelected
      : field.checked !== field.defaultChecked || field.value !== field.defaultValue);

const isAskedAbout = (part) => part.querySelector("[data-confirm]") && document.querySelector("dialog[open]");

const isAlike = (a, b) =>
  a.nodeName === b.nodeName &&
  a.childNodes.length === b.childNodes.length &&
  [...a.childNodes].every((child, n) => isAlike(child, b.childNodes[n]));

function change(a, b) {
  if (a.nodeType === Node.ELEMENT_NODE) dress(a, b);
  else if (a.data !== b.data) a.data = b.data;
  a.childNodes.forEach((child, n) => change(child, b.childNodes[n]));
}

function dress(a, b) {
  for (const { name, value } of b.attributes) if (a.getAttribute(name) !== value) a.setAttribute(name, value);
  for (const { name } of [...a.attributes]) if (name !== "open" && !b.hasAttribute(name)) a.removeAttribute(name);
}

// What this site answered, as a document in which nothing runs. No other text becomes markup: the page's policy says so.
const asked = { createHTML: (html) => html };
const trusted = globalThis.trustedTypes?.createPolicy("page", asked) ?? asked;
const read = (html) => new DOMParser().parseFromString(trusted.createHTML(html), "text/html");

// A sibling's fragment replaces its link; when the sibling is away what is there stays. One that says data-renews is asked
// for again every half minute while the page is seen: it comes from another service, which the page's one stream does not
// hear of. Whoever else, or in which other language, is answered by then: their fragment is not mixed into this page.
const REST = 30000;
let reader;

async function fetched(place) {
  const again = place.dataset.asked;
  const headers = { "X-Fragment": "1", ...(again && { "X-Live": "1" }) };
  const answer = await fetch(place.dataset.fragment, { headers, signal: AbortSignal.timeout(4000) });
  if (!answer.ok) throw new Error(answer.statusText);
  reader ??= answer.headers.get("X-Reader");
  const same = answer.headers.get("X-Reader") === reader && answer.headers.get("Content-Language") === document.documentElement.lang;
  return answer.redirected || (again && !same) ? undefined : answer.text();
}

function fill(place, html) {
  const page = read(html);
  const now = place.cloneNode(false);
  now.append(...(page.querySelector("main") ?? page.body).children);
  if (now.children.length) put(place, now);
}

async function renewing(place, rest = REST) {
  let next = REST;
  try {
    if (!place.dataset.asked || !document.hidden) {
      const asking = fetched(place);
      place.dataset.asked = "1"; // answered or not: whoever is asked again keeps no session alive
      const html = await asking;
      if (html === undefined) return; // signed out, or signed in as another
      fill(place, html);
    }
  } catch {
    next = Math.min(rest * 2, 8 * REST); // away: ever less often
  }
  if ("renews" in place.dataset) setTimeout(() => renewing(place, next), next * (0.8 + 0.4 * Math.random()));
}

for (const place of document.querySelectorAll("[data-fragment]")) renewing(place);

// <main data-stream data-version>: the page hears of changes while it is seen, and renews its parts that say
// id="…" data-live. What comes or goes is told, never moved under the reader's eyes; the focus stays where it is.
const main = document.querySelector("main");
if (main?.dataset.stream) {
  const SLOTS = 3; // of the six connections that browsers open to one site over HTTP/1.1
  const news = document.querySelector(".news");
  const pace = Object.assign(document.createElement("p"), { className: "hint pace", textContent: t.slow });
  let { stream, version } = main.dataset;
  let source;
  let free;
  let timer;
  let opening = false;
  let asking = false;
  let again = false; // something changed while the page was on its way
  // Where changes never rest each question waits a second longer than the last, up to five: all who look at it would
  // use up their agency's budget.
  let calm = 0;
  let rested = -Infinity;

  // One of the places for streams that this browser's pages share: how to give it back, or nothing.
  const place = (n = 0) =>
    new Promise((taken) => {
      if (!navigator.locks || n === SLOTS) taken();
      else {
        navigator.locks.request(`bina-live-${n}`, { ifAvailable: true }, (lock) => {
          if (!lock) taken(place(n + 1));
          else return new Promise((back) => taken(back));
        });
      }
    });

  async function open() {
    if (!stream || source || opening || document.hidden) return;
    if (stream === "ask") return poll(); // nobody's session: nothing is streamed
    opening = true;
    free = await place();
    opening = false;
    if (!free || document.hidden) return close(), poll();
    clearTimeout(timer);
    source = new EventSource(`${stream}&sejak=${version}`);
    source.addEventListener("open", () => pace.remove());
    source.addEventListener("changed", ({ data }) => data !== version && ask());
    source.addEventListener("error", ({ target }) => target.readyState === EventSource.CLOSED && (close(), poll()));
  }

  function close() {
    clearTimeout(timer);
    pace.remove();
    source?.close();
    free?.();
    source = free = undefined;
  }

  // No stream: half a minute later the page asks by itself, and tries again to get one.
  function poll() {
    clearTimeout(timer);
    main.append(pace);
    if (!document.hidden) timer = setTimeout(() => ask().then(open), 24000 + 12000 * Math.random());
  }

  async function ask() {
    if (asking) return void (again = true);
    asking = true;
    again = false;
    calm = performance.now() - rested < 1500 ? Math.min(calm + 1000, 5000) : 0;
    let done = false;
    try {
      const answer = await fetch(location.href, { headers: { "X-Live": "1" }, signal: AbortSignal.timeout(10000) });
      done = answer.ok && !answer.redirected;
      if (answer.redirected) stream = undefined; // signed out
      else if ([403, 404].includes(answer.status)) away();
      else if (done) renew(read(await answer.text()));
    } catch {
      // away: the next round asks again
    }
    if (stream && calm) await new Promise((over) => setTimeout(over, calm));
    rested = performance.now();
    asking = false;
    if (!stream) close();
    else if (again) await ask();
    else if (!done || !source) poll();
  }

  // There is another page here by now: told, and followed no longer.
  function away() {
    stream = undefined;
    tell(1);
  }

  function renew(page) {
    if (frame(page) !== frame(document)) return away();
    // read without a script, its choices for those who have none became fields that no form could be sent with
    for (const words of page.querySelectorAll("noscript")) words.textContent = words.innerHTML;
    const fresh = page.querySelector("main");
    ({ stream, version } = fresh.dataset);
    let waiting = 0;
    for (const part of main.querySelectorAll("[data-live]")) {
      const now = page.getElementById(part.id);
      if (!now || !put(part, now)) waiting += 1;
    }
    for (const part of fresh.querySelectorAll("[data-live]")) {
      if (!document.getElementById(part.id)) waiting += 1;
    }
    tell(waiting);
  }

  // Whose page it is and in which language: another one is told, never mixed into this one.
  const frame = (page) => page.documentElement.lang + page.querySelector("header").textContent;

  function tell(waiting) {
    const text = waiting ? `${t.news(waiting)} ` : "";
    if (news.textContent.startsWith(text) && text) return;
    news.replaceChildren();
    if (!waiting) return;
    const link = Object.assign(document.createElement("a"), { href: location.pathname + location.search, textContent: t.show });
    const line = document.createElement("p");
    line.append(text, link);
    news.append(line);
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
}
