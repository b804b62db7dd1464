// <input type="file" data-largest="bytes">: a file that is too large is told before it is sent.
const en = document.documentElement.lang === "en";
const megabytes = (bytes) => (bytes / 1048576).toLocaleString(en ? "en-GB" : "id-ID", { maximumFractionDigits: 1 });

for (const input of document.querySelectorAll("input[data-largest]")) {
  const largest = Number(input.dataset.largest);
  const words = document.createElement("p");
  words.className = "error";
  words.setAttribute("role", "alert");
  input.before(words);
  input.addEventListener("change", () => {
    const [one] = [...input.files].filter((file) => file.size > largest);
    const size = one && megabytes(one.size);
    const told = !one ? ""
      : en ? `${one.name} has ${size} MB, more than ${megabytes(largest)} MB. Split it into smaller files.`
        : `${one.name} berukuran ${size} MB, lebih dari ${megabytes(largest)} MB. Bagi menjadi beberapa berkas yang lebih kecil.`;
    words.textContent = told;
    input.setCustomValidity(told);
    input.toggleAttribute("aria-invalid", false);
    if (told) input.setAttribute("aria-invalid", "true");
  });
}
