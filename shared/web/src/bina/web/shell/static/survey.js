// A form that is answered question by question, without network too. Each answer is kept on this device first, then sent
// under a key of its own. What is kept goes with a receipt, or when its owner says so, and in no other way.
const key = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (n) => n.toString(36)).join("-");
const item = (question, answer, ...more) => {
  const made = document.createElement("li");
  made.append(as("p", question, { className: "hint" }), as("p", ""));
  made.lastChild.append(as("strong", answer), ...more);
  return made;
};
const as = (tag, text, more) => Object.assign(document.createElement(tag), { textContent: text, ...more });

// The one worker of this page, named by its own server: no other text becomes a script.
const named = { createScriptURL: (path) => path };
const trusted = globalThis.trustedTypes?.createPolicy("worker", named) ?? named;

// What this device keeps of a task: {answers: {question: {value, known, key, sent}}, sending: {key, body}}. `known`: what
// the server is believed to have; `tried`: what was sent without an answer coming back; `held`: waits for its owner.
function drawerOf(task, form) {
  const name = `bina-survey:${task}`;
  const drawer = { kept: { answers: {} }, stored: true, load, store, wipe, wipePage, keepPage };
  addEventListener("storage", (event) => event.key === name && load());
  load();
  return drawer;

  function load() {
    try {
      drawer.kept = JSON.parse(localStorage.getItem(name)) ?? { answers: {} };
    } catch {
      // nothing is to be had: it stays in memory
    }
  }

  function store() {
    try {
      localStorage.setItem(name, JSON.stringify(drawer.kept));
      drawer.stored = true;
    } catch {
      drawer.stored = false;
    }
  }

  async function wipe() {
    drawer.kept = { answers: {} };
    try {
      localStorage.removeItem(name);
    } catch {
      // nothing was kept
    }
    await wipePage();
  }

  async function wipePage() {
    await globalThis.caches?.delete(name);
    await (await navigator.serviceWorker?.getRegistration(form))?.unregister();
  }

  async function keepPage(html, worker) {
    if (!navigator.serviceWorker || !globalThis.caches) return;
    const cache = await caches.open(name);
    await cache.put(form, new Response(html, { headers: { "Content-Type": "text/html; charset=utf-8" } }));
    const parts = [...document.querySelectorAll("link[href], script[src]")].map((part) => part.href || part.src);
    await cache.addAll(parts);
    await navigator.serviceWorker.register(trusted.createScriptURL(worker), { scope: form });
  }
}

const survey = document.querySelector("form[data-survey]");
const over = document.querySelector("[data-survey-over]");
if (survey) begin(survey);
if (over) end(over);

// A receipt, or a task that takes no answers any more. What never reached the server is shown, not lost.
async function end(place) {
  const drawer = drawerOf(place.dataset.surveyOver, place.dataset.form);
  const lost = Object.values(drawer.kept.answers).filter(({ sent, value }) => value && !sent);
  const [left, gone] = ["left", "gone"].map((name) => place.querySelector(`[data-${name}]`));
  const done = async () => {
    await drawer.wipe();
    left.hidden = true;
    if (gone) gone.hidden = false;
  };
  await drawer.wipePage();
  if (!lost.length) return done();
  left.querySelector("ul").append(...lost.map(({ text, shown }) => item(text, shown)));
  left.querySelector("button").addEventListener("click", done);
  left.hidden = false;
}

function begin(form) {
  const { survey: task, form: path, api, brief, worker } = form.dataset;
  const t = JSON.parse(form.dataset.words);
  const root = document.documentElement;
  const isKept = "kept" in root.dataset; // given out by the worker
  const html = `<!doctype html>${root.outerHTML.replace("<html", "<html data-kept")}`;
  const part = (name) => document.querySelector(`[data-${name}]`);
  const drawer = drawerOf(task, path);
  const questions = [...part("questions").children].map((node, n) => {
    const fields = [...node.querySelectorAll("input, textarea")];
    const [{ name, required, type }] = fields;
    const label = node.querySelector("legend, label");
    return { node, n, fields, name, required, label, isRadio: type === "radio", text: label.textContent.trim() };
  });
  const LAST = questions.length;
  let at = 0;
  let busy = false;
  let failed = false;
  let stopped = false;
  let wait = 0;
  let timer;

  const chosen = ({ fields }) => fields.find((field) => field.checked);
  const value = (q) => (q.isRadio ? (chosen(q)?.value ?? "") : q.fields[0].value);
  const shown = (q) => (q.isRadio ? (chosen(q)?.closest("label").lastElementChild.textContent ?? "") : q.fields[0].value.trim());
  const came = (q) => (q.isRadio ? (q.fields.find((field) => field.defaultChecked)?.value ?? "") : q.fields[0].defaultValue);
  const put = (q, given) =>
    q.fields.forEach((field) => (q.isRadio ? (field.checked = field.value === given) : (field.value = given)));
  const unsent = () => Object.values(drawer.kept.answers).filter(({ sent }) => !sent);

  for (const q of questions) {
    const known = drawer.kept.answers[q.name];
    if (known && (isKept || !known.sent)) put(q, known.value);
    else {
      delete drawer.kept.answers[q.name];
      put(q, came(q));
    }
  }

  // One question at a time; its number is in the address, so that the browser's own buttons walk through them.
  function go(n, { quiet } = {}) {
    at = n;
    const isReview = at === LAST;
    questions.forEach((q) => (q.node.hidden = q.n !== at));
    part("review").hidden = !isReview;
    part("steps-answer").hidden = isReview;
    part("steps-review").hidden = !isReview;
    part("place").textContent = isReview ? "" : t.place.replace("{n}", at + 1).replace("{of}", LAST);
    part("back").hidden = at === 0;
    if (isReview) part("review").querySelector("ol").replaceChildren(...questions.map(line));
    say();
    if (quiet) return;
    const to = isReview ? part("review") : questions[at].node;
    to.tabIndex = -1;
    to.focus({ preventScroll: true });
    if (form.getBoundingClientRect().top < 0) form.scrollIntoView();
  }

  function line(q) {
    const change = as("a", t.change, { href: `#${q.n + 1}`, ariaLabel: `${t.change}: ${q.text}` });
    return item(q.text, shown(q) || (q.required ? t.missing : "–"), " ", change);
  }

  const walk = (n) => (location.hash = n === LAST ? "tinjau" : n + 1);
  const asked = () => (location.hash === "#tinjau" ? LAST : Number.parseInt(location.hash.slice(1), 10) - 1);

  function first() {
    const open = questions.findIndex((q) => !value(q));
    return open < 0 ? LAST : questions.some(value) ? open : 0;
  }

  function note(q, text) {
    const line = q.node.querySelector("[data-note]") ?? as("p", "", { className: "error", role: "alert" });
    line.dataset.note = "";
    q.label.after(line);
    line.textContent = text;
    line.hidden = !text;
  }

  // Saved on this device, saved at the server, not sent.
  function say() {
    const open = unsent();
    const { sending, answers } = drawer.kept;
    const isAway = failed || !navigator.onLine;
    let words = Object.keys(answers).length ? t.server : "";
    if (open.length || sending) words = !drawer.stored || stopped || open.some(({ held }) => held) ? t.unsent : isAway ? t.away : t.phone;
    const state = part("state");
    if (state.textContent !== words) state.textContent = words;
    state.dataset.state = words === t.server ? "server" : words === t.phone ? "device" : "unsent";
    const next = part("next");
    next.textContent = sending ? t.sending : at === LAST ? t.send : at === LAST - 1 ? t.review : t.next;
    next.toggleAttribute("aria-busy", Boolean(sending && busy));
  }

  function tell(problem) {
    const words = as("p", [problem.title, problem.mend].filter(Boolean).join(" "));
    if (problem.status === 401) words.append(" ", as("a", t.enter, { href: `/masuk?lanjut=${encodeURIComponent(path)}` }));
    const banner = as("div", "", { className: "banner warning" });
    banner.appendChild(as("div", "")).append(words, as("p", t.safe));
    part("told").replaceChildren(banner);
  }

  form.addEventListener("input", ({ target }) => {
    const q = questions.find(({ name }) => name === target.name);
    if (!q) return;
    const { answers } = drawer.kept;
    const before = answers[q.name] ?? { known: came(q) };
    const known = before.sent ? before.value : before.known;
    answers[q.name] = { value: value(q), shown: shown(q), text: q.text, known, tried: before.sent ? [] : before.tried, key: key() };
    delete drawer.kept.sending;
    drawer.store();
    note(q, "");
    say();
    clearTimeout(timer);
    timer = setTimeout(send, q.isRadio ? 0 : 800);
  });

  // An answer of the server counts when it says what only the server knows: anything else is tried again.
  async function ask(method, to, key, body) {
    const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
    const signal = AbortSignal.timeout(20000);
    const answer = await fetch(api + to, { method, headers, body: JSON.stringify(body), signal, redirect: "error" });
    const said = await answer.json();
    if (answer.status >= 500 || [408, 429].includes(answer.status) || said.type?.endsWith(":command-in-progress")) throw said;
    return said;
  }

  async function keep(q) {
    const one = drawer.kept.answers[q.name];
    one.tried = [...(one.tried ?? []), one.value].slice(-9);
    drawer.store();
    const said = await ask("PUT", `/draft/${encodeURIComponent(q.name)}`, one.key, { value: one.value, known: one.known });
    const now = drawer.kept.answers[q.name];
    if (!now) return; // wiped meanwhile
    if (said.saved) {
      if (now.key === one.key) Object.assign(now, { sent: true, tried: [] });
      else now.known = one.value;
    } else if (said.type?.endsWith(":draft-changed")) {
      if (now.key === one.key) now.key = key();
      now.known = said.value;
      if (!one.tried.includes(said.value)) hold(q, now, `${said.title} ${t.other.replace("{value}", words(q, said.value))} ${said.mend}`);
    } else if (said.status === 422) hold(q, now, said.title);
    else refuse(said);
    drawer.store();
  }

  const words = (q, given) =>
    q.fields.find((field) => q.isRadio && field.value === given)?.closest("label").lastElementChild.textContent ?? given;

  function hold(q, one, why) {
    one.held = true;
    note(q, why);
  }

  function refuse(said) {
    stopped = true;
    tell(said);
  }

  async function handIn() {
    const { key, body } = drawer.kept.sending;
    const said = await ask("POST", "/answers", key, body);
    if (said.receipt) {
      await drawer.wipe();
      location.replace(brief);
      return;
    }
    delete drawer.kept.sending;
    drawer.store();
    const faulty = (said.errors ?? []).map(({ where, what }) => [questions.find((q) => q.name === where), what]).filter(([q]) => q);
    for (const [q, what] of faulty) note(q, what);
    if (faulty.length) walk(faulty[0][0].n);
    else refuse(said);
  }

  async function send() {
    clearTimeout(timer);
    if (busy || stopped || !navigator.onLine) return say();
    busy = true;
    say();
    try {
      for (;;) {
        const { sending, answers } = drawer.kept;
        const q = questions.find(({ name }) => answers[name] && !answers[name].sent && !answers[name].held);
        if (stopped || !(sending || q)) break;
        await (sending ? handIn() : keep(q));
        say();
      }
      failed = false;
      wait = 0;
    } catch {
      failed = true;
      wait = Math.min(2 * wait || 1000, 60000);
      timer = setTimeout(send, wait * (0.75 + Math.random() / 2));
    }
    busy = false;
    say();
  }

  function next() {
    if (at < LAST) return walk(at + 1);
    const missing = questions.filter((q) => q.required && !value(q).trim());
    for (const q of missing) note(q, t.missing);
    if (missing.length) return walk(missing[0].n);
    const given = questions.map((q) => [q.name, value(q)]).filter(([, one]) => one.trim());
    drawer.kept.sending ??= { key: key(), body: { answers: Object.fromEntries(given) } };
    drawer.store();
    send();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    next();
  });
  // The second click of a double click was meant for the question that was there before, not for sending.
  part("next").addEventListener("click", ({ detail }) => (at === LAST && detail > 1 ? undefined : next()));
  part("back").addEventListener("click", () => walk(at - 1));
  part("wipe").addEventListener("click", async () => {
    await drawer.wipe();
    location.assign(brief);
  });
  addEventListener("hashchange", () => asked() >= 0 && asked() <= LAST && go(asked()));
  addEventListener("online", send);
  addEventListener("offline", say);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    stopped = false;
    send();
  });

  for (const node of document.querySelectorAll("[data-script]")) node.hidden = false;
  part("plain").hidden = true;
  go(asked() >= 0 && asked() <= LAST ? asked() : first(), { quiet: true });
  if (!isKept && location.pathname === path && !part("faults")) drawer.keepPage(html, worker).catch(() => {});
  send();
}
