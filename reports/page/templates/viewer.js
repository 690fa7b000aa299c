/* Pairs: a matrix of thumbnails, a dialog with every output of a pair, and two of them compared. */
const data = JSON.parse(document.getElementById("pairs-data").textContent);
const byId = (id) => document.getElementById(id);
const contents = [...new Set(data.pairs.map((pair) => pair.content))];
const styles = [...new Set(data.pairs.map((pair) => pair.style))];
const find = (content, style) =>
  data.pairs.findIndex((pair) => pair.content === content && pair.style === style);
const nameOf = (item) => data.names[item[0]];
const element = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);

/* The address of a pair, and of two of its pictures beside each other. */
function addressOf(pair, compared) {
  const words = new URLSearchParams({ content: pair.content, style: pair.style });
  if (compared) {
    words.set("left", compared[0]);
    words.set("right", compared[1]);
  }
  return `#${words}`;
}

/* The matrix. Its thumbnails are loaded when it comes near the window. */
const which = byId("which");
which.append(...data.names.map((name, number) => new Option(name, number)));
which.value = String(Math.min(2, data.names.length - 1));
const matrix = byId("matrix");
matrix.style.setProperty("--styles", styles.length);
matrix.tHead.rows[0].append(
  element("td"),
  ...styles.map((style) => element("th", { scope: "col", textContent: style, title: style })),
);
for (const content of contents) {
  const row = matrix.tBodies[0].insertRow();
  row.append(element("th", { scope: "row", textContent: content, title: content }));
  for (const style of styles) {
    const cell = row.insertCell();
    const number = find(content, style);
    if (number < 0) continue;
    const pair = data.pairs[number];
    const link = element("a", { href: addressOf(pair) });
    link.dataset.pair = number;
    link.setAttribute("aria-label", `${content} × ${style}: show all outputs`);
    link.style.aspectRatio = `${pair.width} / ${pair.height}`;
    cell.append(link);
  }
}
let near = false;
function redraw() {
  if (!near) return;
  const chosen = Number(which.value);
  for (const link of all("a[data-pair]", matrix)) {
    const number = Number(link.dataset.pair);
    const pair = data.pairs[number];
    link.style.visibility = pair.items.some((item) => item[0] === chosen) ? "" : "hidden";
    const { columns, side } = data;
    const scale = Math.min(1, side / Math.max(pair.width, pair.height));
    const wide = Math.round(pair.width * scale), high = Math.round(pair.height * scale);
    const across = columns * side, down = Math.ceil(data.pairs.length / columns) * side;
    const at = (place, total, own) => (total > own ? (100 * place) / (total - own) : 0);
    link.style.backgroundImage = `url("${data.sheets[chosen]}")`;
    link.style.backgroundSize = `${(100 * across) / wide}% ${(100 * down) / high}%`;
    link.style.backgroundPosition =
      `${at((number % columns) * side, across, wide)}% ${at(Math.floor(number / columns) * side, down, high)}%`;
  }
}
which.addEventListener("change", redraw);
new IntersectionObserver((seen, observer) => {
  if (!seen.some((entry) => entry.isIntersecting)) return;
  observer.disconnect();
  near = true;
  redraw();
}, { rootMargin: "600px" }).observe(matrix);

/* The dialog: every output of one pair. */
const view = byId("view"), grid = view.querySelector(".outputs"), compare = view.querySelector(".compare");
const pickContent = byId("pick-content"), pickStyle = byId("pick-style");
pickContent.append(...contents.map((name) => new Option(name, name)));
pickStyle.append(...styles.map((name) => new Option(name, name)));
let current = 0, compared = null;

const told = (value) => {
  if (value == null) return "–";
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(2) : value.toPrecision(3);
};
function measuresOf(item) {
  const list = element("dl");
  data.measures.forEach((measure, k) => {
    list.append(
      element("dt", { textContent: measure }), element("dd", { textContent: told(item[2][k]) }),
    );
  });
  return list;
}
function titled(pair, item) {
  const name = nameOf(item);
  return name === "content" || name === "style" ? `${name}: ${pair[name]}` : name;
}
function showPair(number, pictures = null) {
  current = (number + data.pairs.length) % data.pairs.length;
  const pair = data.pairs[current];
  byId("view-title").textContent = `${pair.content} × ${pair.style}`;
  pickContent.value = pair.content;
  pickStyle.value = pair.style;
  const before = compared;
  const has = (name) => pair.items.some((item) => nameOf(item) === name);
  compared = pictures && pictures.every(has) ? pictures : null;
  grid.hidden = Boolean(compared);
  compare.hidden = !compared;
  byId("all").hidden = !compared;
  byId("two").hidden = Boolean(compared);
  if (!view.open) view.showModal();
  if (compared) showTwo(pair);
  else grid.replaceChildren(...pair.items.map((item) => figureOf(pair, item)));
  view.scrollTop = 0;
  // What had the focus may be hidden now, and a hidden element gets no keys.
  if (compared && !before) stage.focus({ preventScroll: true });
  if (!compared && before) byId("after").focus({ preventScroll: true });
}
function figureOf(pair, item) {
  const name = titled(pair, item);
  const figure = element("figure"), button = element("button", { type: "button" });
  const image = element("img", { loading: "lazy", alt: name, width: pair.width, height: pair.height });
  image.src = data.files[item[1]];
  button.append(image);
  button.setAttribute("aria-label", `${name}: compare`);
  button.addEventListener("click", () => {
    const mine = nameOf(item), other = mine === "content" ? "style" : "content";
    go(current, [other, mine]);
  });
  figure.append(button, element("figcaption", { textContent: name }));
  if (item[2]) figure.append(measuresOf(item));
  return figure;
}

/* Two pictures, one over the other: the left one up to the dividing line, then the right one. */
const left = byId("left"), right = byId("right"), divide = byId("divide"), stage = view.querySelector(".stage");
const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8];
let zoom = 0;
function showTwo(pair) {
  for (const [select, name] of [[left, compared[0]], [right, compared[1]]]) {
    select.replaceChildren(...pair.items.map((item) => new Option(titled(pair, item), nameOf(item))));
    select.value = name;
  }
  const items = compared.map((name) => pair.items.find((item) => nameOf(item) === name));
  [".over", ".under"].forEach((selector, side) => {
    const image = stage.querySelector(selector);
    image.src = data.files[items[side][1]];
    image.alt = `${side ? "Right" : "Left"} of the line: ${titled(pair, items[side])}`;
  });
  const rows = data.measures.map((measure, k) => {
    const row = element("tr");
    row.append(element("th", { scope: "row", textContent: measure }), ...items.map((item) =>
      element("td", { className: "n", textContent: told(item[2]?.[k]) })));
    return row;
  });
  compare.querySelector("tbody").replaceChildren(...rows);
  all("thead th", compare).slice(1).forEach((head, side) => { head.textContent = titled(pair, items[side]); });
  setZoom(zoom);
}
function setZoom(step) {
  zoom = Math.min(ZOOMS.length - 1, Math.max(0, step));
  const pair = data.pairs[current];
  const middle = ["Left", "Top"].map((end) => {
    const length = end === "Left" ? "Width" : "Height";
    return (stage[`scroll${end}`] + stage[`client${length}`] / 2) / (stage[`scroll${length}`] || 1);
  });
  const room = stage.parentElement.clientWidth, tall = Math.max(200, window.innerHeight - 250);
  const width = Math.min(room, (tall * pair.width) / pair.height) * ZOOMS[zoom];
  const stack = stage.querySelector(".stack");
  stack.style.width = `${width}px`;
  stack.style.aspectRatio = `${pair.width} / ${pair.height}`;
  stack.classList.toggle("pixels", width > 3 * pair.width);
  stage.classList.toggle("zoomed", zoom > 0);
  stage.style.maxHeight = `${tall}px`;
  stage.scrollLeft = middle[0] * stage.scrollWidth - stage.clientWidth / 2;
  stage.scrollTop = middle[1] * stage.scrollHeight - stage.clientHeight / 2;
  byId("zoom").textContent = `${Math.round((100 * width) / pair.width)} %`;
}
function setDivide(percent) {
  divide.value = Math.min(100, Math.max(0, percent));
  stage.querySelector(".over").style.clipPath = `inset(0 ${100 - divide.value}% 0 0)`;
  stage.querySelector(".line").style.left = `${divide.value}%`;
}
divide.addEventListener("input", () => setDivide(divide.value));
function followPointer(event) {
  if (event.buttons !== 1 || (event.pointerType === "touch" && zoom > 0)) return;
  const box = stage.querySelector(".stack").getBoundingClientRect();
  setDivide((100 * (event.clientX - box.left)) / box.width);
}
stage.addEventListener("pointerdown", followPointer);
stage.addEventListener("pointermove", followPointer);
for (const select of [left, right]) {
  select.addEventListener("change", () => go(current, [left.value, right.value]));
}
byId("swap").addEventListener("click", () => go(current, [right.value, left.value]));
byId("smaller").addEventListener("click", () => setZoom(zoom - 1));
byId("larger").addEventListener("click", () => setZoom(zoom + 1));
byId("fit").addEventListener("click", () => setZoom(0));
window.addEventListener("resize", () => compared && view.open && setZoom(zoom));
setDivide(50);

/* The address says what is open, so that it can be sent to somebody, and "back" closes it. */
function go(number, pictures = null) {
  const pair = data.pairs[(number + data.pairs.length) % data.pairs.length];
  history.replaceState(history.state, "", addressOf(pair, pictures));
  showPair(number, pictures);
}
function follow() {
  const words = new URLSearchParams(location.hash.slice(1));
  const number = find(words.get("content"), words.get("style"));
  if (number < 0) return view.open && view.close();
  showPair(number, words.has("left") && words.has("right") ? [words.get("left"), words.get("right")] : null);
}
window.addEventListener("hashchange", follow);
const picked = () => {
  const number = find(pickContent.value, pickStyle.value);
  if (number >= 0) go(number, compared);
};
pickContent.addEventListener("change", picked);
pickStyle.addEventListener("change", picked);
byId("before").addEventListener("click", () => go(current - 1, compared));
byId("after").addEventListener("click", () => go(current + 1, compared));
byId("two").addEventListener("click", () => go(current, ["content", data.names[Number(which.value)]]));
byId("all").addEventListener("click", () => go(current));
byId("link").addEventListener("click", () => copy(location.href, byId("link-status")));
byId("close").addEventListener("click", () => view.close());
view.addEventListener("cancel", (event) => {
  if (!compared) return;
  event.preventDefault(); // Escape goes back to all outputs first
  go(current);
});
view.addEventListener("keydown", (event) => {
  const own = event.target.matches("select, input") || event.ctrlKey || event.metaKey || event.altKey;
  const scrolls = event.target === stage && zoom > 0;
  if (event.key === "ArrowLeft" && !own && !scrolls) go(current - 1, compared);
  if (event.key === "ArrowRight" && !own && !scrolls) go(current + 1, compared);
  if (!compared || own) return;
  if (event.key === "+" || event.key === "=") setZoom(zoom + 1);
  if (event.key === "-") setZoom(zoom - 1);
  if (event.key === "0") setZoom(0);
});
view.addEventListener("close", () => {
  compared = null;
  if (new URLSearchParams(location.hash.slice(1)).has("content")) {
    history.replaceState(history.state, "", "#pairs");
  }
  matrix.querySelector(`a[data-pair="${current}"]`)?.focus();
});
follow();
