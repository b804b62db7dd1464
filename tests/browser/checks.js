// What is wrong with a page as it is shown: `bina.<check>()` gives a sentence for every fault.
window.bina ??= (() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const shown = (el) => el.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
  const name = (el) => `${el.tagName.toLowerCase()}${el.className?.length ? "." + el.className : ""} "${(el.getAttribute("aria-label") ?? el.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 50)}"`;
  const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary";

  // Words for screen readers alone lie in a box of one pixel; the skip link waits above the page.
  function forReaders(el) {
    for (let up = el; up; up = up.parentElement) {
      if (up.matches(".skip:not(:focus)")) return true;
      if (getComputedStyle(up).position === "absolute" && up.offsetWidth <= 1) return true;
    }
    return false;
  }

  function texts(within = document.body) {
    const walker = document.createTreeWalker(within, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      const { parentElement: el } = walker.currentNode;
      if (!walker.currentNode.data.trim() || el.closest("script, style, option, title, desc") || !shown(el) || forReaders(el)) continue;
      found.push([walker.currentNode, el]);
    }
    return found;
  }

  function boxes(node) {
    const range = document.createRange();
    range.selectNodeContents(node);
    return [...range.getClientRects()].filter((box) => box.width > 0);
  }

  // Colours. A canvas reads every notation.
  const ink = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const read = new Map();
  function colour(text) {
    if (!read.has(text)) {
      ink.clearRect(0, 0, 1, 1);
      ink.fillStyle = text;
      ink.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = ink.getImageData(0, 0, 1, 1).data;
      read.set(text, [r, g, b, a / 255]);
    }
    return read.get(text);
  }
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  function luminance([r, g, b]) {
    const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  }
  function ratio(one, other) {
    const [light, dark] = [luminance(one), luminance(other)].sort((x, y) => y - x);
    return (light + 0.05) / (dark + 0.05);
  }
  // A shadow that fills a box from all sides lies on its background.
  function shade({ boxShadow }) {
    const [, tint, spread] = boxShadow.match(/^(rgba?\([^)]*\)) 0px 0px 0px ([\d.]+)px inset$/) ?? [];
    return spread > 20 ? colour(tint) : [0, 0, 0, 0];
  }
  function background(el) {
    const layers = [];
    for (let up = el; up; up = up.parentElement) {
      const style = getComputedStyle(up);
      const layer = colour(style.backgroundColor);
      layers.push(shade(style), layer);
      if (layer[3] === 1) break;
    }
    return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255, 1]);
  }
  function faded(el) {
    let opacity = 1;
    for (let up = el; up; up = up.parentElement) opacity *= Number(getComputedStyle(up).opacity);
    return opacity;
  }

  // What lies under a point of a drawing: the last shape before the text that is filled there, over the page.
  function beneath(text, svg, point) {
    let found = background(svg);
    for (const shape of all("rect, circle, ellipse, path, polygon", svg)) {
      if (!(shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING) || !shown(shape)) continue;
      const style = getComputedStyle(shape);
      if (style.fill === "none" || style.fill.startsWith("url")) continue;
      const [r, g, b, a] = colour(style.fill);
      const seen = a * Number(style.fillOpacity) * Number(style.opacity);
      const inside = point.matrixTransform(shape.getScreenCTM().inverse());
      if (seen && shape.isPointInFill(inside)) found = over([r, g, b, seen], found);
    }
    return found;
  }

  function drawnText(text) {
    const svg = text.closest("svg");
    const style = getComputedStyle(text);
    const [r, g, b, a] = colour(style.fill);
    const box = text.getBoundingClientRect();
    const haloed = style.paintOrder.startsWith("stroke") && parseFloat(style.strokeWidth) >= 3;
    const points = [0.02, 0.5, 0.98].map((part) => new DOMPoint(box.left + box.width * part, box.top + box.height / 2));
    const under = haloed ? [colour(style.stroke)] : points.map((point) => beneath(text, svg, point));
    const worst = Math.min(...under.map((ground) => ratio(over([r, g, b, a * faded(text)], ground), ground)));
    return worst;
  }

  function contrast() {
    const faults = [];
    const seen = new Set();
    const least = (style) => parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    const tell = (el, found, wanted) => found < wanted && faults.push(`${name(el)}: ${found.toFixed(2)}, ${wanted} wanted`);
    for (const [, el] of texts()) {
      if (seen.has(el) || el.closest("[disabled]")) continue;
      seen.add(el);
      const style = getComputedStyle(el);
      if (el instanceof SVGElement) tell(el, drawnText(el.closest("text")), least(style));
      else {
        const ground = background(el);
        const [r, g, b, a] = colour(style.color);
        tell(el, ratio(over([r, g, b, a * faded(el)], ground), ground), least(style));
      }
    }
    for (const el of all("input:not([type=hidden], [type=radio], [type=checkbox], [type=file]), select, textarea, button:not(.quiet), .button:not(.quiet)")) {
      if (!shown(el) || el.disabled || el.closest(".link-row")) continue;
      const style = getComputedStyle(el);
      const around = background(el.parentElement);
      const edge = parseFloat(style.borderTopWidth) ? over(colour(style.borderTopColor), around) : around;
      tell(el, Math.max(ratio(edge, around), ratio(background(el), around)), 3);
      if (el.value) tell(el, ratio(colour(style.color), background(el)), 4.5);
    }
    return faults;
  }

  // The ring of whatever has the focus, both of its colours against what is around it. A field in a row of choices gives
  // its ring to the row.
  function rings() {
    return all(`${CONTROLS}, .choice`).filter((el) => shown(el) && !el.disabled && !el.matches(".choice input") && (!el.matches(".choice") || el.querySelector("input"))).flatMap((el) => {
      const { outlineStyle, outlineColor, boxShadow } = getComputedStyle(el);
      const [ring] = boxShadow.match(/rgba?\([^)]*\)/) ?? [];
      const around = background(el.parentElement ?? el);
      const seen = [outlineStyle === "none" ? "" : outlineColor, ring].filter(Boolean).map((one) => ratio(over(colour(one), around), around));
      return Math.max(1, ...seen) >= 3 ? [] : [`${name(el)}: its focus is seen by ${Math.max(1, ...seen).toFixed(2)}, 3 wanted`];
    });
  }

  function sideways() {
    const root = document.documentElement;
    const faults = root.scrollWidth > root.clientWidth ? [`the page is ${root.scrollWidth} wide`] : [];
    for (const el of all(".places ul, .tabs ul, .table")) // a chart's figures may: a table of data is not to be read in pieces
      if (shown(el) && !el.closest(".chart") && el.scrollWidth > el.clientWidth) faults.push(`hides what is at its side: ${name(el)}`);
    return faults;
  }

  // A link within a sentence is as high as its line; everything else is a target for a thumb.
  const inSentence = (el) => el.matches("a") && getComputedStyle(el).display === "inline" && el.parentElement.textContent.trim().length > el.textContent.trim().length;
  function targets() {
    return all(CONTROLS).filter((el) => shown(el) && !forReaders(el) && !el.disabled && !inSentence(el)).flatMap((el) => {
      const box = (el.closest("label") ?? el).getBoundingClientRect();
      return box.width >= 43.5 && box.height >= 43.5 ? [] : [`${name(el)} is ${Math.round(box.width)} × ${Math.round(box.height)}`];
    });
  }

  function cut(node, el) {
    const parts = boxes(node);
    if (!parts.length || el.closest("[title]")) return "";
    const area = { left: Math.min(...parts.map((b) => b.left)), right: Math.max(...parts.map((b) => b.right)), top: Math.min(...parts.map((b) => b.top)), bottom: Math.max(...parts.map((b) => b.bottom)) };
    for (let up = el; up && up !== document.body; up = up.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(up);
      if (/auto|scroll/.test(overflowX + overflowY)) return "";
      const box = up.getBoundingClientRect();
      if (/hidden|clip/.test(overflowX) && (area.left < box.left - 1 || area.right > box.right + 1)) return name(up);
      if (/hidden|clip/.test(overflowY) && (area.top < box.top - 2 || area.bottom > box.bottom + 2)) return name(up);
    }
    return "";
  }
  // Whether a closed list shows all of what is chosen: one that wraps grows, another is as wide as its words want.
  function isCut(el) {
    if (getComputedStyle(el).appearance === "base-select") return el.scrollWidth > el.clientWidth || el.scrollHeight > el.clientHeight;
    const [width, own] = [el.offsetWidth, el.style.cssText];
    el.style.cssText = "field-sizing: content; width: auto; max-width: none; position: absolute";
    const wanted = el.offsetWidth;
    el.style.cssText = own;
    return wanted > width;
  }
  const isToldBeneath = (el) => all("p.chosen", el.parentElement).some((line) => shown(line) && line.textContent === el.value);
  function clipped() {
    const faults = [];
    for (const [node, el] of texts()) {
      if (el instanceof SVGElement) continue;
      const by = cut(node, el);
      if (by) faults.push(`${name(el)} is cut by ${by}`);
    }
    for (const el of all("input:not([type=hidden], [type=radio], [type=checkbox], [type=file])"))
      if (shown(el) && el.scrollWidth > el.clientWidth && !isToldBeneath(el)) faults.push(`${name(el)} is too narrow for "${el.value}"`);
    for (const el of all("select").filter(shown)) if (isCut(el)) faults.push(`${name(el)} cuts "${el.selectedOptions[0]?.text}"`);
    for (const svg of all("figure.chart > svg").filter(shown)) faults.push(...drawnOver(svg));
    return faults;
  }

  // In a chart no word leaves the figure and none lies on another.
  function drawnOver(svg) {
    const figure = svg.closest("figure").getBoundingClientRect();
    const words = all("text", svg).filter((text) => shown(text) && text.textContent.trim()).map((text) => [text, text.getBoundingClientRect()]);
    const faults = words.filter(([, box]) => box.left < figure.left || box.right > figure.right || box.top < figure.top).map(([text]) => `${name(text)} leaves its chart`);
    words.forEach(([one, a], i) => {
      for (const [other, b] of words.slice(i + 1)) {
        const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (x > 1 && y > 4) faults.push(`${name(one)} lies on ${name(other)}`);
      }
    });
    return faults;
  }

  function frame() {
    const faults = [];
    const want = (holds, fault) => holds || faults.push(fault);
    const root = document.documentElement;
    want(["id", "en"].includes(root.lang), `lang is "${root.lang}"`);
    want(/\S · Bina$/.test(document.title), `the title is "${document.title}"`);
    want(all("h1").filter(shown).length === 1, `${all("h1").length} h1`);
    for (const part of ["body > header", "main", "body > footer"]) want(all(part).length === 1, `${all(part).length} × ${part}`);
    const navs = all("nav").filter(shown).map((nav) => nav.getAttribute("aria-label")?.trim() ?? "");
    want(navs.every(Boolean), "a nav without a name");
    want(new Set(navs).size === navs.length, `navs of one name: ${navs.join(", ")}`);
    return faults;
  }

  function charts() {
    const faults = [];
    for (const svg of all("svg").filter((one) => shown(one) && !one.closest("[aria-hidden=true], svg svg"))) {
      const said = svg.getAttribute("aria-label") ?? (svg.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
      if (svg.getAttribute("role") !== "img" || !said.trim()) faults.push(`a drawing without a name: ${svg.outerHTML.slice(0, 80)}`);
    }
    for (const figure of all("figure.chart")) {
      const [rows, columns] = [all("details table tbody tr", figure), all("details table thead th", figure)];
      if (!rows.length || !columns.length) faults.push(`${name(figure)}: no table`);
      if (!figure.querySelector("a[download][href]")) faults.push(`${name(figure)}: no CSV`);
      if (!figure.querySelector("svg > desc")?.textContent.trim()) faults.push(`${name(figure)}: no description`);
    }
    return faults;
  }

  // `foreign`: texts of the other language that have another word in this one.
  function words(foreign) {
    const known = new Set(foreign);
    const faults = [];
    const whole = document.body.innerText;
    for (const [node, el] of texts()) {
      const said = node.data.trim();
      const here = el.closest("[lang]").lang;
      if (here === document.documentElement.lang && known.has(said)) faults.push(`in the other language: "${said}"`);
    }
    for (const [left] of whole.matchAll(/%\(\w+\)s|\{\{|\{%|\bundefined\b|\bNaN\b/g)) faults.push(`not for people: "${left}"`);
    if (/\bNone\b/.test(document.documentElement.lang === "id" ? whole : "")) faults.push("None");
    for (const [time] of whole.matchAll(/(pukul|,) \d{1,2}[.:]\d{2}(?!\d| WI(B|TA|T)\b)/g)) faults.push(`a time without its zone: "${time}"`);
    return faults;
  }

  // Where Tab leads, in the order of the document; of a group of radio buttons to one.
  function group(el) {
    return all(`input[type=radio][name="${CSS.escape(el.name)}"]`, el.form ?? document);
  }
  function isStop(el) {
    if (!shown(el) || el.disabled || el.tabIndex < 0) return false;
    if (!el.matches("input[type=radio]")) return true;
    const others = group(el);
    return el === (others.find((one) => one.checked) ?? others[0]);
  }
  const ring = ({ outlineStyle, outlineWidth, outlineColor, boxShadow }) =>
    `${outlineStyle === "none" || parseFloat(outlineWidth) === 0 ? "" : outlineWidth + outlineColor} ${boxShadow}`;
  const look = (el) => [el, el.closest("label") ?? el].map((one) => ring(getComputedStyle(one))).join("|");
  let stops = [];
  let looks = [];
  function fromTheTop() {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
    scrollTo(0, 0);
  }
  function route() {
    fromTheTop();
    stops = all(`${CONTROLS}, [tabindex]`).filter(isStop);
    looks = stops.map(look);
    return stops.length;
  }
  function lies(el) {
    for (const box of el.getClientRects()) {
      const x = (Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2;
      const y = (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2;
      const top = document.elementFromPoint(x, y);
      if (top && (el.contains(top) || top.contains(el) || top.closest("label")?.contains(el))) return true;
    }
    return false;
  }
  // After the nth Tab: "again" while the parts of a date are gone through.
  function stop(n, before) {
    const [wanted, el] = [stops[n], document.activeElement];
    if (n && el === stops[n - 1] && el.matches("[type=date], [type=time], [type=datetime-local]") && before < 8) return "again";
    if (el !== wanted) return `Tab ${n + 1} leads to ${name(el)}, not to ${name(wanted)}`;
    if (look(el) === looks[n]) return `focus is not to be seen on ${name(el)}`;
    if (!lies(el)) return `${name(el)} is covered when it has the focus`;
    return "";
  }

  return { sideways, targets, clipped, contrast, rings, frame, charts, words, fromTheTop, route, stop };
})();
