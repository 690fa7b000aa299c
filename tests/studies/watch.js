// In every page of a crowd: tells what is shown whenever that changes, each press, and the time
// from a press to both next pictures being on screen. Asking the page again and again instead
// would keep a small machine busy with thirty people.
(() => {
  const keys = { ArrowLeft: "left", ArrowDown: "tie", ArrowRight: "right" };
  const all = (s) => [...document.querySelectorAll(s)];
  const text = (s) => document.querySelector(s)?.textContent.trim() ?? "";
  const now = () => {
    const steps = all("[class*='st-key-step-']")
      .map((e) => +/st-key-step-(\d+)-/.exec(e.className)[1]);
    const pictures = all(".st-key-results img");
    return {
      step: steps.length ? Math.max(...steps) : null,
      loaded: pictures.length === 2 && pictures.every((i) => i.complete && i.naturalWidth > 0),
      pictures: pictures.map((i) => i.src),
    };
  };
  const look = () => {
    const main = text("[data-testid=stMain]");
    const button = (name) => all("button").some((b) => b.textContent.startsWith(name));
    const rest = button("Go on") ? /You have answered (\d+) of/.exec(main) : null;
    return { ...now(), ...(rest ? { step: +rest[1] } : {}), rest: rest !== null,
      code: text("[data-testid=stCode]"), down: button("Try again"),
      warning: text("[data-testid=stAlert]"),
      broken: /Traceback/.test(main) || text("[data-testid=stException]") ? main : "" };
  };
  let told = "", due = false;
  const tell = () => {
    due = false;
    const seen = look();
    if (JSON.stringify(seen) === told) return;
    told = JSON.stringify(seen);
    window.noted("look", 0, seen);
  };
  let pressed = null;
  const press = (step, answer) => {
    if (!answer) return;
    window.noted("press", step, answer);
    pressed = { step, at: performance.now(), pictures: String(now().pictures) };
  };
  addEventListener("keydown", (e) => {
    const { step } = now();
    if (step !== null) press(step, keys[e.key]);
  }, true);
  addEventListener("click", (e) => {
    const box = e.target.closest("[class*='st-key-step-']");
    const found = /st-key-step-(\d+)-(\w+)/.exec(box?.className ?? "");
    if (found) press(+found[1], found[2]);
  }, true);
  const check = () => {
    if (!due) setTimeout(tell, 50);
    due = true;
    if (pressed === null) return;
    const { step, loaded, pictures } = now();
    if (step === null || step <= pressed.step || !loaded) return;
    if (String(pictures) === pressed.pictures) return;
    const before = pressed;
    pressed = null;
    requestAnimationFrame(() =>
      window.noted("wait", before.step, performance.now() - before.at));
  };
  new MutationObserver(check).observe(document,
    { childList: true, subtree: true, characterData: true, attributeFilter: ["src", "class"] });
  // A picture's load event comes as far as the document, not to the window.
  document.addEventListener("load", check, true);
})()
