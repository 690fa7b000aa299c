"use strict";
document.documentElement.classList.add("js");
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const make = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};

/* Tables sort by a column; a missing number always comes last. */
for (const table of all("table.sortable")) {
  const headers = all("thead tr:last-child th", table);
  headers.forEach((header, column) => {
    header.querySelector("button")?.addEventListener("click", () => {
      const before = header.getAttribute("aria-sort");
      const rising = before === "none" ? header.dataset.first === "rising" : before !== "ascending";
      headers.forEach((other) => other.hasAttribute("aria-sort") && other.setAttribute("aria-sort", "none"));
      header.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const key = (row) => row.cells[column].dataset.v ?? "";
      const text = header.dataset.kind === "text";
      const rows = all("tbody tr", table).sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        const gaps = (x === "") - (y === "");
        if (gaps) return gaps;
        const order = text ? x.localeCompare(y, undefined, { numeric: true }) : x - y;
        return rising ? order : -order;
      });
      table.tBodies[0].append(...rows);
    });
  });
}

/* Figures: one quality at a time. */
for (const pick of all("select[data-quality]")) {
  const figures = all(`#${pick.dataset.quality} figure`);
  const show = () => figures.forEach((figure) => (figure.hidden = figure.dataset.of !== pick.value));
  pick.addEventListener("change", show);
  show();
}

/* Every output: of one pair by all entries, or of one entry on all pairs. */
const boards = JSON.parse(document.getElementById("outputs-data").textContent);
const option = (value, text) => make("option", { value }, text);
let fields = 0;
function labelled(text, element) {
  element.id = `field-${(fields += 1)}`;
  return make("div", { class: "field" }, make("label", { for: element.id }, text), element);
}
const path = (...parts) => parts.map((part) => part.split("/").map(encodeURIComponent).join("/")).join("/");

function shot(address, name, measures, numbers) {
  const image = make("img", { src: address, alt: name, loading: "lazy", decoding: "async" });
  const figure = make("figure", {}, make("a", { href: address }, image), make("figcaption", {}, name));
  if (numbers) {
    const list = make("dl");
    measures.forEach((measure, k) =>
      list.append(make("dt", {}, measure), make("dd", {}, numbers[k] === null ? "–" : String(numbers[k]))),
    );
    figure.append(list);
  }
  return figure;
}

for (const holder of all("[data-pairs]")) {
  const board = boards[holder.dataset.pairs];
  const { contents, styles, entries, measures } = board;
  const what = make("select", {}, option("pair", "one pair, by every entry"));
  entries.forEach((entry, e) => entry.modes.forEach((mode, m) =>
    what.append(option(`${e},${m}`, `every pair, by ${entry.title}${entry.modes.length > 1 ? `, ${mode}` : ""}`))));
  const content = make("select", {}, ...contents.map((name, k) => option(k, name)));
  const style = make("select", {}, ...styles.map((name, k) => option(k, name)));
  const before = make("button", { type: "button" }, "pair before");
  const after = make("button", { type: "button" }, "pair after");
  const status = make("p", { role: "status", class: "soft" });
  const shots = make("div", { class: "shots" });
  const ofPair = [labelled("photograph", content), labelled("style picture", style), before, after];

  function onePair() {
    const [c, s] = [Number(content.value), Number(style.value)];
    const found = [
      shot(path(board.folder, "contents", `${contents[c]}.png`), `the photograph: ${contents[c]}`),
      shot(path(board.folder, "styles", `${styles[s]}.jpg`), `the style picture: ${styles[s]}`),
    ];
    for (const entry of entries) {
      entry.modes.forEach((mode, m) => found.push(shot(
        path(entry.folder, contents[c], styles[s], `${mode}.png`),
        entry.modes.length > 1 ? `${entry.title}, ${mode}` : entry.title,
        measures, entry.numbers[c * styles.length + s][m],
      )));
    }
    status.textContent = `pair ${c * styles.length + s + 1} of ${contents.length * styles.length}`;
    shots.replaceChildren(...found);
  }
  function everyPair(e, m) {
    const entry = entries[e];
    status.textContent = `${contents.length * styles.length} pairs`;
    shots.replaceChildren(...contents.flatMap((c, i) => styles.map((s, j) => shot(
      path(entry.folder, c, s, `${entry.modes[m]}.png`), `${c} × ${s}`,
      measures, entry.numbers[i * styles.length + j][m],
    ))));
  }
  function show() {
    const pair = what.value === "pair";
    ofPair.forEach((element) => (element.hidden = !pair));
    if (pair) onePair();
    else everyPair(...what.value.split(",").map(Number));
  }
  const step = (by) => {
    const count = contents.length * styles.length;
    const next = (Number(content.value) * styles.length + Number(style.value) + by + count) % count;
    content.value = Math.floor(next / styles.length);
    style.value = next % styles.length;
    show();
  };
  before.addEventListener("click", () => step(-1));
  after.addEventListener("click", () => step(1));
  [what, content, style].forEach((element) => element.addEventListener("change", show));
  holder.append(make("div", { class: "tools" }, labelled("show", what), ...ofPair), status, shots);
  show();
}
