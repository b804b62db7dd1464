// <select data-combobox>: its options are found by typing. The select stays in the form and keeps the value.
const fold = (text) => text.toLocaleLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");

function enhance(select) {
  const input = document.createElement("input");
  const list = document.createElement("ul");
  const options = [...select.options].map((option, index) => ({ index, words: option.text, key: fold(option.text) }));
  let active = -1;

  const shown = () => [...list.children];
  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const chosen = () => select.selectedOptions[0]?.text ?? "";
  const settle = () => {
    input.value = chosen();
    close();
  };
  const choose = (item) => {
    select.selectedIndex = Number(item.dataset.index);
    settle();
    select.dispatchEvent(new Event("input", { bubbles: true }));
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const mark = (to) => {
    const items = shown();
    if (!items.length) return;
    active = (to + items.length) % items.length;
    for (const [index, item] of items.entries()) item.setAttribute("aria-selected", String(index === active));
    items[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", items[active].id);
  };
  const open = (sought) => {
    const found = options.filter((option) => option.key.includes(fold(sought)));
    list.replaceChildren(...found.map(({ index, words }) => {
      const item = document.createElement("li");
      Object.assign(item, { id: `${list.id}-${index}`, textContent: words, role: "option" });
      item.dataset.index = index;
      item.setAttribute("aria-selected", "false");
      return item;
    }));
    active = -1;
    input.removeAttribute("aria-activedescendant");
    list.hidden = !found.length;
    list.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-expanded", String(!list.hidden));
  };

  Object.assign(input, { type: "text", role: "combobox", autocomplete: "off", required: select.required, id: select.id });
  Object.assign(list, { id: `${select.id}-pilihan`, role: "listbox", hidden: true, className: "options" });
  list.setAttribute("aria-label", document.querySelector(`label[for="${CSS.escape(select.id)}"]`)?.textContent.trim() ?? "");
  select.id += "-nilai";
  for (const name of ["aria-describedby", "aria-invalid"]) {
    if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
  }
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  select.hidden = true;
  select.required = false; // the visible field says what is missing
  select.before(input, list);
  settle();

  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", () => open(""));
  input.addEventListener("input", () => open(input.value));
  input.addEventListener("blur", settle);
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (list.hidden) open("");
      mark(active < 0 && step < 0 ? -1 : active + step);
    } else if (event.key === "Enter" && (active >= 0 || input.value !== chosen())) {
      event.preventDefault(); // or the form would go with what was chosen before, whatever stands in the field
      const items = list.hidden ? [] : shown();
      const item = items.length === 1 ? items[0] : items[active];
      if (item) choose(item);
      else if (list.hidden) settle();
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      settle();
    }
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (item) choose(item);
  });
}

for (const select of document.querySelectorAll("select[data-combobox]")) enhance(select);
