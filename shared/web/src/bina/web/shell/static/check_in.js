// <form data-claim="name">: a check-in made without a network is kept on this phone, with the time at which the code was
// seen, and sent once the network is back. The page too is kept, so that a reload without a network shows it again. A page
// that says <p data-claim-done="name"> forgets both.
const t = document.documentElement.lang === "en"
  ? { sending: "Sending…", kept: "No connection. Kept on this phone; it is sent once the connection is back and this page is open." }
  : { sending: "Mengirim…", kept: "Tidak ada jaringan. Tersimpan di ponsel ini, dan dikirim dari halaman ini begitu jaringan kembali." };
const form = document.querySelector("form[data-claim]");
const place = (name) => `bina-claim:${name}`;
// The one worker of this page, named by its own server: no other text becomes a script.
const named = { createScriptURL: (path) => path };
const trusted = globalThis.trustedTypes?.createPolicy("worker", named) ?? named;

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(place(name)));
  } catch {
    return null;
  }
}

function write(name, claim) {
  try {
    localStorage.setItem(place(name), JSON.stringify(claim));
  } catch {
    // full or forbidden storage: it goes while the page is open
  }
}

const parts = () => [...document.querySelectorAll("link[href], script[src]")].map((part) => part.href || part.src);

// One page for one device: whoever opened this session on it before gets theirs no more.
async function keepPage(html) {
  const [mine, session] = [place(form.dataset.claim), form.dataset.claim.split("/").pop()];
  const others = (await caches.keys()).filter((name) => name !== mine && name.startsWith(place("")) && name.endsWith(`/${session}`));
  await Promise.all(others.map((name) => caches.delete(name)));
  const cache = await caches.open(mine);
  await cache.put(form.action, new Response(html, { headers: { "Content-Type": "text/html; charset=utf-8" } }));
  await cache.addAll(parts());
  await navigator.serviceWorker.register(trusted.createScriptURL(form.dataset.worker), { scope: form.action });
}

async function forget(name) {
  localStorage.removeItem(place(name));
  await caches.delete(place(name));
  await (await navigator.serviceWorker.getRegistration())?.unregister();
}

for (const done of document.querySelectorAll("[data-claim-done]")) forget(done.dataset.claimDone).catch(() => {});
if (form) keepPage(`<!doctype html>${document.documentElement.outerHTML}`).catch(() => {}); // no network, or no such storage

if (form) {
  const { kode, dilihat } = form.elements;
  const name = form.dataset.claim;
  const state = form.querySelector("[data-claim-state]");
  let claim = read(name);
  let sending = false;

  // Sent behind the page, so that it counts as said only once it was answered: a claim outlives a network that goes again
  // and a session that is over.
  async function send() {
    if (sending) return;
    sending = true;
    state.textContent = t.sending;
    [kode.value, dilihat.value] = [claim.kode, claim.dilihat];
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.action, { method: "POST", body, signal: AbortSignal.timeout(20000) }).catch(() => null);
    sending = false;
    if (!answer || answer.status === 429 || answer.status >= 500) return void (state.textContent = t.kept);
    const isHeard = new URL(answer.url).pathname === new URL(form.action).pathname; // else: to sign in first
    if (isHeard && (answer.ok || answer.status === 409)) write(name, (claim = { ...claim, sent: true }));
    if (answer.redirected) location.assign(isHeard ? answer.url : form.action);
    else form.submit(); // the page that says why not
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (sending) return;
    if (!claim || claim.sent || claim.kode !== kode.value) claim = { kode: kode.value, dilihat: new Date().toISOString() };
    write(name, claim);
    send();
  });
  window.addEventListener("online", () => claim && !claim.sent && send());
  window.addEventListener("pageshow", () => (sending = false));
  if (claim && !claim.sent) send();
}
