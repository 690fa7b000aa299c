// When the pictures of a trial are shown, and for how long until an answer is pressed.
//
// Streamlit calls this for each trial. The state it sets waits in the form of the answers and is
// sent in one message with the press. Where this does not run, the answer is sent without it.
export default ({ data, setStateValue }) => {
  const root = document.documentElement;
  const pictures = () => [
    ...document.querySelectorAll(".st-key-sources img, .st-key-results img"),
  ];
  const loaded = (picture) => picture.complete && picture.naturalWidth > 0;
  const all = () => pictures().length === data.pictures && pictures().every(loaded);
  let counted = 0; // milliseconds, before the tab went to the background
  let since = null; // performance.now() when the pictures came to be seen
  const look = () => {
    const seen = all() && !document.hidden;
    if (seen && since === null) since = performance.now();
    if (!seen && since !== null) {
      counted += performance.now() - since;
      since = null;
    }
    if (all()) root.removeAttribute("data-pictures-lack");
  };
  const device = () => {
    if (!matchMedia("(pointer: coarse)").matches) return "desktop";
    return Math.min(screen.width, screen.height) < 600 ? "phone" : "tablet";
  };

  // A picture that did not come is asked for again, and until then no answer is taken.
  let retry = null;
  const failed = (event) => {
    if (!pictures().includes(event.target)) return;
    look();
    root.setAttribute("data-pictures-lack", "");
    retry ??= setInterval(() => {
      for (const picture of pictures())
        if (picture.complete && !loaded(picture)) picture.src = picture.src;
    }, 2000);
  };
  const press = (event) => {
    const answers = document.querySelector(".st-key-answers");
    const meant =
      event.type === "click"
        ? event.target.closest("button") && answers?.contains(event.target)
        : data.keys.includes(event.key);
    if (!meant) return;
    look();
    if (!all()) {
      root.setAttribute("data-pictures-lack", "");
      event.stopImmediatePropagation();
      event.preventDefault();
      return;
    }
    const now = since === null ? 0 : performance.now() - since;
    setStateValue("shown", {
      step: data.step,
      seconds: (counted + now) / 1000,
      device: device(),
    });
  };

  const listeners = [
    [document, "load", look],
    [document, "error", failed],
    [document, "visibilitychange", look],
    [window, "keydown", press],
    [window, "click", press],
  ];
  for (const [where, what, todo] of listeners) where.addEventListener(what, todo, true);
  look();
  for (const picture of pictures())
    if (picture.complete && !loaded(picture)) failed({ target: picture });
  return () => {
    for (const [where, what, todo] of listeners) where.removeEventListener(what, todo, true);
    clearInterval(retry);
    root.removeAttribute("data-pictures-lack");
  };
};
