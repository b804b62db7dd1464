// <form data-claim="name">: a check-in made without a network is kept on this phone, with the time at which the code was
// seen, and sent once the network is back. A page that says <p data-claim-done="name"> forgets it.
const t = document.documentElement.lang === "en"
  ? { sending: "Sending…", kept: "No connection. Kept on this phone; it is sent once the connection is back. Leave this page open." }
  : { sending: "Mengirim…", kept: "Tidak ada jaringan. Tersimpan di ponsel ini dan dikirim begitu jaringan kembali. Biarkan halaman ini terbuka." };
const form = document.querySelector("form[data-claim]");
const place = (name) => `bina-claim:${name}`;

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

for (const done of document.querySelectorAll("[data-claim-done]")) localStorage.removeItem(place(done.dataset.claimDone));

if (form) {
  const { kode, dilihat } = form.elements;
  const name = form.dataset.claim;
  const state = form.querySelector("[data-claim-state]");
  let claim = read(name);
  let sending = false;

  const isThere = () =>
    fetch(form.action, { headers: { "X-Live": "1" }, signal: AbortSignal.timeout(5000) }).then(() => true, () => false);

  async function send() {
    if (sending) return;
    sending = true;
    state.textContent = t.sending;
    if (await isThere()) {
      write(name, { ...claim, sent: true });
      [kode.value, dilihat.value] = [claim.kode, claim.dilihat];
      form.submit();
    } else {
      sending = false;
      state.textContent = t.kept;
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (sending) return;
    claim = { kode: kode.value, dilihat: new Date().toISOString() };
    write(name, claim);
    send();
  });
  window.addEventListener("online", () => claim && !claim.sent && send());
  window.addEventListener("pageshow", () => (sending = false));
  if (claim && !claim.sent) send();
}
