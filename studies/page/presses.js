// One press is one answer: a key held down and the second click of a double click end here, before
// the page hears of them. Read once for each browser tab, however often the page is sent.
(() => {
  if (window.onePressOneAnswer) return;
  window.onePressOneAnswer = true;
  const trial = () => document.querySelector(".st-key-answers");
  window.addEventListener(
    "keydown",
    (event) => {
      if (event.repeat && trial()) event.stopImmediatePropagation();
    },
    true,
  );
  window.addEventListener(
    "click",
    (event) => {
      if (event.detail > 1 && trial()?.contains(event.target)) event.stopImmediatePropagation();
    },
    true,
  );
})();
