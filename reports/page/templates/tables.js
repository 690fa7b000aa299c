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
  holder.querySelector("input")?.addEventListener("input", (event) => {
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
