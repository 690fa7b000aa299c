// Putting pictures in order: by dragging with mouse or finger, by pressing one and then the place
// where it belongs, or with the arrow keys.
//
// Streamlit calls this for each trial. The pictures stay where they are in the document, so that
// the first is always A; only their place on the screen changes. The order waits in the form of the
// answers and is sent in one message with the press.
let kept = { step: -1, order: [] };
let owned = []; // the pictures that can be moved now
let end = () => {}; // of what the call before began; Streamlit may call again without an end

export default (component) => {
  end();
  let own = () => {};
  const begin = () => {
    const grid = document.querySelector(".st-key-ordered");
    const tiles = grid ? [...grid.children].filter((tile) => tile.querySelector("img")) : [];
    if (tiles.length === component.data.letters.length) own = arrange(component, grid, tiles);
    else {
      // The pictures are not drawn yet.
      const next = requestAnimationFrame(begin);
      own = () => cancelAnimationFrame(next);
    }
  };
  begin();
  end = () => {
    own();
    own = () => {};
  };
  return end;
};

const arrange = ({ data, parentElement, setStateValue }, grid, tiles) => {
  const told = parentElement.querySelector("[role=status]");
  const letter = (tile) => data.letters[tiles.indexOf(tile)];
  let held = null; // by the pointer
  let picked = null; // by a press, until the next one tells where it belongs
  let order = [...tiles];
  if (kept.step === data.step) order = kept.order.map((at) => tiles[at]); // drawn again
  const label = (tile) =>
    data.place
      .replace("{picture}", data.pictures[tiles.indexOf(tile)])
      .replace("{number}", order.indexOf(tile) + 1)
      .replace("{of}", order.length);

  const show = () => {
    order.forEach((tile, at) => {
      tile.style.order = at;
      tile.dataset.rank = at + 1;
      tile.setAttribute("aria-label", `${label(tile)}. ${data.hint}`);
      tile.setAttribute("aria-posinset", at + 1);
    });
    kept = { step: data.step, order: order.map((tile) => tiles.indexOf(tile)) };
    if (!held) tell();
  };
  // Not while a picture is held: Streamlit may draw the page again, and it would be let go.
  const tell = () =>
    setStateValue("order", { step: data.step, order: order.map(letter).join("") });
  const move = (tile, to) => {
    const at = Math.max(0, Math.min(order.length - 1, to));
    if (at === order.indexOf(tile)) return;
    order = order.filter((other) => other !== tile);
    order.splice(at, 0, tile);
    show();
    told.textContent = label(tile);
  };

  const pick = (tile) => {
    picked = tile;
    for (const other of tiles) {
      other.toggleAttribute("data-picked", other === tile);
      other.setAttribute("aria-selected", other === tile);
    }
    if (tile) told.textContent = data.picked.replace("{picture}", data.pictures[tiles.indexOf(tile)]);
  };
  const press = (tile) => {
    if (!picked) return pick(tile);
    const place = order.indexOf(tile);
    const moved = picked;
    pick(null);
    move(moved, place);
  };

  // One of the pictures can be reached with Tab from outside; from there Tab goes by the order.
  const reach = (tile) => tiles.forEach((other) => (other.tabIndex = other === tile ? 0 : -1));
  const keydown = (event) => {
    const tile = event.target;
    const at = order.indexOf(tile);
    if (at < 0) return;
    const to = {
      ArrowLeft: at - 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowDown: at + 1,
      Home: 0, End: order.length - 1,
    }[event.key]; // prettier-ignore
    if (to !== undefined) {
      event.preventDefault();
      pick(null);
      move(tile, to);
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      press(tile);
    } else if (event.key === "Escape") {
      pick(null);
    } else if (event.key === "Tab") {
      const next = order[at + (event.shiftKey ? -1 : 1)];
      if (!next) return;
      event.preventDefault();
      reach(next);
      next.focus();
    }
  };
  const focusout = (event) => {
    if (!tiles.includes(event.relatedTarget)) reach(order[0]);
  };

  const pointerdown = (event) => {
    const tile = tiles.find((one) => one.contains(event.target));
    if (!tile || event.button !== 0 || held) return;
    const box = tile.getBoundingClientRect();
    held = {
      tile,
      pointer: event.pointerId,
      from: [event.clientX, event.clientY],
      grip: [event.clientX - box.left, event.clientY - box.top],
      moved: false,
    };
    tile.setPointerCapture(event.pointerId);
  };
  const pointermove = (event) => {
    if (!held || event.pointerId !== held.pointer) return;
    const { tile, from, grip } = held;
    const far = Math.hypot(event.clientX - from[0], event.clientY - from[1]);
    if (!held.moved && far < 6) return;
    if (picked) pick(null);
    held.moved = true;
    tile.dataset.held = "";
    tile.style.transform = "";
    const away = (other) => {
      const box = other.getBoundingClientRect();
      return Math.hypot(
        event.clientX - box.left - box.width / 2,
        event.clientY - box.top - box.height / 2,
      );
    };
    const nearest = order.reduce((a, b) => (away(b) < away(a) ? b : a));
    move(tile, order.indexOf(nearest));
    const box = tile.getBoundingClientRect();
    tile.style.transform = `translate(${event.clientX - grip[0] - box.left}px, ${
      event.clientY - grip[1] - box.top
    }px)`;
  };
  const release = (event) => {
    if (!held || event.pointerId !== held.pointer) return;
    const { tile, moved } = held;
    tile.style.transform = "";
    delete tile.dataset.held;
    held = null;
    if (!moved && event.type === "pointerup") press(tile);
    tell();
  };

  grid.setAttribute("role", "listbox");
  grid.setAttribute("aria-label", data.question);
  for (const tile of tiles) {
    tile.setAttribute("role", "option");
    tile.setAttribute("aria-setsize", tiles.length);
  }
  const listeners = { keydown, focusout, pointerdown, pointermove, pointerup: release,
    pointercancel: release }; // prettier-ignore
  for (const [what, todo] of Object.entries(listeners)) grid.addEventListener(what, todo);
  owned = tiles;
  pick(null);
  show();
  reach(tiles.includes(document.activeElement) ? document.activeElement : order[0]);
  return () => {
    held = null;
    for (const [what, todo] of Object.entries(listeners)) grid.removeEventListener(what, todo);
    for (const tile of tiles) {
      tile.style.order = "";
      tile.removeAttribute("data-rank");
      tile.removeAttribute("data-picked");
    }
    if (owned === tiles) owned = [];
    // Where the same pictures are drawn again, they keep the focus, which needs its attributes.
    setTimeout(() => {
      for (const tile of tiles.filter((one) => !owned.includes(one)))
        for (const name of ["role", "tabindex", "aria-label", "aria-posinset", "aria-setsize",
          "aria-selected"]) tile.removeAttribute(name); // prettier-ignore
    }, 500);
  };
};
