"use strict";
document.documentElement.classList.add("js");
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

/* Tables: sort, filter, copy. */
const rowsOf = (table) => all("tbody tr", table).filter((row) => !row.classList.contains("absent"));
const shown = (table) => rowsOf(table).filter((row) => !row.hidden);

function sortBy(table, column, header) {
  const rising = header.getAttribute("aria-sort") !== "ascending";
  all("thead th", table).forEach((other) => other.setAttribute("aria-sort", "none"));
  header.setAttribute("aria-sort", rising ? "ascending" : "descending");
  const key = (row) => row.cells[column].dataset.v ?? row.cells[column].textContent.trim();
  const numbers = header.classList.contains("n");
  const order = (a, b) => {
    const [x, y] = [key(a), key(b)];
    if (!numbers) return x.localeCompare(y, undefined, { numeric: true });
    const gaps = (x === "") - (y === "");
    return gaps ? (rising ? gaps : -gaps) : x - y; // a missing number always comes last
  };
  const body = table.tBodies[0];
  const sorted = rowsOf(table).sort((a, b) => (rising ? order(a, b) : order(b, a)));
  const absent = all("tr.absent", table);
  body.append(...sorted, ...absent);
}

const heads = (table) => all("thead th", table).map((cell) => cell.textContent.trim());

function csvOf(table) {
  const quote = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = shown(table).map((row) =>
    [...row.cells].map((cell) => {
      const text = cell.innerText.trim().replace(/\s+/g, " ");
      return text.startsWith("<") ? text : (cell.dataset.v ?? text); // a bound is not a number
    }),
  );
  return [heads(table), ...lines].map((line) => line.map(quote).join(",")).join("\n") + "\n";
}

const TEX = {
  "\\": "\\textbackslash{}", "&": "\\&", "%": "\\%", "$": "\\$", "#": "\\#", _: "\\_",
  "{": "\\{", "}": "\\}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}",
  "λ": "$\\lambda$", "χ": "$\\chi$", "²": "$^2$", "×": "$\\times$", "−": "$-$", "–": "--",
  "±": "$\\pm$", "<": "$<$", ">": "$>$",
};
function latexOf(table) {
  const tex = (text) => [...text].map((sign) => TEX[sign] ?? sign).join("");
  const line = (words) => words.map(tex).join(" & ") + " \\\\";
  const columns = all("thead th", table).map((th) => (th.classList.contains("n") ? "r" : "l"));
  const body = shown(table).map((row) =>
    line([...row.cells].map((cell) => cell.innerText.trim().replace(/\s+/g, " "))),
  );
  return [
    "% needs \\usepackage{booktabs}",
    `\\begin{tabular}{${columns.join("")}}`, "\\toprule", line(heads(table)), "\\midrule",
    ...body, "\\bottomrule", "\\end{tabular}", "",
  ].join("\n");
}

async function copy(text, status) {
  let done = false;
  try {
    await navigator.clipboard.writeText(text);
    done = true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    done = document.execCommand("copy");
    area.remove();
  }
  status.textContent = done ? "copied" : "this browser does not allow copying";
  setTimeout(() => (status.textContent = ""), 4000);
}

for (const holder of all("[data-table]")) {
  const table = holder.querySelector("table");
  const status = holder.querySelector("[role=status]");
  all("thead th", table).forEach((header, column) =>
    header.querySelector("button").addEventListener("click", () => sortBy(table, column, header)),
  );
  holder.querySelector("input").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = rowsOf(table);
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
    status.textContent = words.length ? `${shown(table).length} of ${rows.length} rows` : "";
  });
  holder.querySelector("[data-copy=csv]").addEventListener("click", () => copy(csvOf(table), status));
  holder.querySelector("[data-copy=latex]").addEventListener("click", () => copy(latexOf(table), status));
}
for (const button of all("button.copy")) {
  button.addEventListener("click", () =>
    copy(document.getElementById(button.dataset.of).textContent, button.nextElementSibling),
  );
}

/* The pair explorer. */
const data = JSON.parse(document.getElementById("pairs-data").textContent);
const contents = [...new Set(data.pairs.map((pair) => pair.content))];
const styles = [...new Set(data.pairs.map((pair) => pair.style))];
const find = (content, style) =>
  data.pairs.findIndex((pair) => pair.content === content && pair.style === style);

/* Show one picture of a pair's strip as an element's background. */
function show(element, pair, index) {
  element.style.aspectRatio = pair.ratio;
  element.style.backgroundImage = `url("${pair.strip}")`;
  element.style.backgroundSize = `${pair.count * 100}% 100%`;
  element.style.backgroundPosition = `${pair.count > 1 ? (index / (pair.count - 1)) * 100 : 0}% 0`;
}

const which = document.getElementById("which");
const names = [...new Set(data.pairs.flatMap((pair) => pair.items.map((item) => item[0].replace(/^(content|style): .*/, "the $1 itself"))))];
which.append(...names.map((name) => new Option(name, name)));
which.value = names.find((name) => !name.startsWith("the ")) ?? names[0];
const place = (pair, name) =>
  name === "the content itself" ? 0 : name === "the style itself" ? 1
    : pair.items.findIndex((item) => item[0] === name);

const matrix = document.getElementById("matrix");
matrix.style.setProperty("--styles", styles.length);
const corner = document.createElement("td");
matrix.tHead.rows[0].append(corner, ...styles.map((style) => {
  const th = document.createElement("th");
  th.scope = "col";
  th.textContent = style;
  return th;
}));
for (const content of contents) {
  const row = matrix.tBodies[0].insertRow();
  const th = document.createElement("th");
  th.scope = "row";
  th.textContent = content;
  row.append(th);
  for (const style of styles) {
    const cell = row.insertCell();
    const number = find(content, style);
    if (number < 0) continue;
    const button = document.createElement("button");
    button.dataset.pair = number;
    button.setAttribute("aria-label", `${content} × ${style}: show all outputs`);
    cell.append(button);
  }
}
function redraw() {
  for (const button of all("button[data-pair]", matrix)) {
    const pair = data.pairs[button.dataset.pair];
    const index = place(pair, which.value);
    button.style.visibility = index < 0 ? "hidden" : "";
    if (index >= 0) show(button, pair, index);
  }
}
which.addEventListener("change", redraw);
redraw();

const view = document.getElementById("view");
const pickContent = document.getElementById("pick-content");
const pickStyle = document.getElementById("pick-style");
pickContent.append(...contents.map((name) => new Option(name, name)));
pickStyle.append(...styles.map((name) => new Option(name, name)));
let current = 0;

function open(number) {
  current = (number + data.pairs.length) % data.pairs.length;
  const pair = data.pairs[current];
  view.querySelector("h2").textContent = `${pair.content} × ${pair.style}`;
  pickContent.value = pair.content;
  pickStyle.value = pair.style;
  view.querySelector(".outputs").replaceChildren(...pair.items.map(([name, values], index) => {
    const figure = document.createElement("figure");
    const shot = document.createElement("div");
    shot.className = "shot";
    shot.setAttribute("role", "img");
    shot.setAttribute("aria-label", name);
    show(shot, pair, index);
    const caption = document.createElement("figcaption");
    caption.textContent = name;
    figure.append(shot, caption);
    if (values) {
      const list = document.createElement("dl");
      data.measures.forEach((measure, k) => {
        const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
        dt.textContent = measure;
        dd.textContent = values[k] === null ? "–" : Number(values[k]).toPrecision(3);
        list.append(dt, dd);
      });
      figure.append(list);
    }
    return figure;
  }));
  view.scrollTop = 0;
  if (!view.open) view.showModal();
}
matrix.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-pair]");
  if (button) open(Number(button.dataset.pair));
});
const picked = () => {
  const number = find(pickContent.value, pickStyle.value);
  if (number >= 0) open(number);
};
pickContent.addEventListener("change", picked);
pickStyle.addEventListener("change", picked);
document.getElementById("before").addEventListener("click", () => open(current - 1));
document.getElementById("after").addEventListener("click", () => open(current + 1));
document.getElementById("close").addEventListener("click", () => view.close());
view.addEventListener("keydown", (event) => {
  if (event.target.tagName === "SELECT") return;
  if (event.key === "ArrowLeft") open(current - 1);
  if (event.key === "ArrowRight") open(current + 1);
});
view.addEventListener("close", () =>
  matrix.querySelector(`button[data-pair="${current}"]`)?.focus(),
);
