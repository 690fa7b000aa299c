"""How the voting page looks, where Streamlit's theme does not say it."""

CSS = """
[data-testid="stMainBlockContainer"] { padding: 1rem 1rem 0; max-width: 1280px; }
[data-testid="stHeader"], [data-testid="stElementToolbar"] { display: none; }
.st-key-text { max-width: 42rem; margin: 1.5rem auto; }
.st-key-withdraw { max-width: 42rem; margin: 1rem auto; }
.st-key-next, .st-key-clock, div:has(> .st-key-lacking) { display: none; }
/* Set by shown.js. */
[data-pictures-lack] div:has(> .st-key-lacking) { display: block; }
.st-key-lacking {
  background: #fdf3d8; border-radius: .5rem; padding: .8rem 1rem;
}
h2 { font-size: 1.35rem !important; padding: 0 0 .5rem !important; }
[data-testid="stVerticalBlock"] { gap: .6rem; }
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p,
[data-testid="stImageCaption"] { color: #3a4049 !important; opacity: 1 !important; }
button kbd { color: inherit !important; opacity: 1 !important; }

/* A trial fills the screen: its results have what all the rest leaves. To delete one's answers
   stands below. */
[data-testid="stMainBlockContainer"] > :has(> div > .st-key-results) {
  min-height: calc(100dvh - 1rem); position: relative;
}
div:has(> .st-key-results) { container-type: size; flex: 1 1 0; min-height: 7rem; }
div:has(> .st-key-results) ~ div:has(> .st-key-withdraw) { position: absolute; top: 100%; }
.st-key-preview div:has(> .st-key-results) { flex: none; height: 26rem; }
.st-key-preview div:has(> .st-key-withdraw) { position: static !important; }
.st-key-results [data-testid="stImageContainer"] { position: relative; }
.st-key-results [data-testid="stImageCaption"] {
  position: absolute; top: .4rem; left: .4rem; width: auto !important;
  background: #fff; border-radius: .3rem; padding: 0 .5rem; margin: 0;
}
.st-key-results [data-testid="stCaptionContainer"] p {
  color: #1c1f24 !important; font-size: 1.1rem; font-weight: 600; line-height: 1.7rem; margin: 0;
}
.st-key-sources { padding-top: .4rem; gap: 1.5rem; }
.st-key-sources :is(*, [data-testid]) { max-width: none !important; }
.st-key-sources :is(div, [data-testid]) { width: max-content !important; flex: none; }
.st-key-sources [data-testid="stImageContainer"] {
  display: flex; flex-direction: row; align-items: center; gap: .6rem;
}
.st-key-sources [data-testid="stImage"] img {
  height: 96px !important; width: auto !important; object-fit: contain;
}
.st-key-sources [data-testid="stImageCaption"] { margin: 0; }

/* Columns and rows of results, each of the width that lets all of them fit. */
.st-key-several-1 { --columns: 1; --rows: 1; }
.st-key-several-2 { --columns: 2; --rows: 1; }
.st-key-several-3 { --columns: 3; --rows: 1; }
.st-key-several-4 { --columns: 2; --rows: 2; }
.st-key-several-4:has(.st-key-ordered) { --columns: 4; --rows: 1; }
:is(.st-key-several-5, .st-key-several-6) { --columns: 3; --rows: 2; }
:is(.st-key-beside, .st-key-ordered) {
  --gap: .6rem;
  --wide: min(
    (100cqw - (var(--columns) - 1) * var(--gap)) / var(--columns),
    (100cqh - (var(--rows) - 1) * var(--gap) - 1px) / var(--rows) * var(--aspect)
  );
  display: grid !important; gap: var(--gap); justify-content: center;
  grid-template-columns: repeat(var(--columns), var(--wide));
}
:is(.st-key-beside, .st-key-ordered) > * { width: auto !important; min-width: 0; }
.st-key-ordered > * {
  position: relative; cursor: grab; touch-action: none; user-select: none; border-radius: .3rem;
  -webkit-touch-callout: none;
}
.st-key-ordered img { pointer-events: none; }
.st-key-ordered > [data-picked] { box-shadow: 0 0 0 4px #b54708; z-index: 3; }
.st-key-ordered > [data-picked][data-rank]::before { background: #b54708; color: #fff; }
.st-key-ordered > [data-held] { z-index: 4; cursor: grabbing; opacity: .85; }
.st-key-ordered > :focus-visible { outline: 3px solid #1f5fbf; outline-offset: 2px; }
.st-key-ordered > [data-rank]::before {
  content: attr(data-rank); position: absolute; top: .4rem; left: .4rem; z-index: 1;
  background: #fff; color: #1c1f24; border-radius: .3rem; padding: 0 .6rem;
  font-size: 1.1rem; font-weight: 600; line-height: 1.7rem;
}
.st-key-ordering {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}

div:has(> .st-key-answers) { position: sticky; bottom: 0; background: #fff; z-index: 5; }
.st-key-answers { padding: .4rem 0 .7rem; gap: .8rem; }
.st-key-marks kbd { display: none; }
.st-key-answers .st-key-marks button { min-width: 3.4rem; }
.st-key-answers button { min-height: 2.9rem; min-width: 6.5rem; }
.st-key-answers .st-key-letters button { min-width: 4.2rem; }
@media (max-width: 640px) {
  .st-key-several-2 { --columns: 1; --rows: 2; }
  .st-key-several-3, .st-key-several-4, .st-key-several-4:has(.st-key-ordered) {
    --columns: 2; --rows: 2;
  }
  :is(.st-key-several-5, .st-key-several-6) { --columns: 2; --rows: 3; }
  :is(.st-key-beside, .st-key-ordered) { --gap: .4rem; }
  .st-key-answers .st-key-letters { gap: .4rem; }
  .st-key-answers .st-key-letters button { min-width: 2.9rem; }
  [data-testid="stMainBlockContainer"] { padding: .6rem .6rem 0; }
  .st-key-answers kbd { display: none; }
  h1 { font-size: 2rem !important; }
  h2 { font-size: 1.2rem !important; }
}
@media (max-width: 640px), (max-height: 500px) {
  .st-key-sources { gap: .8rem; }
  .st-key-sources [data-testid="stImage"] img {
    height: clamp(56px, 56px + (100dvh - 640px) / 8, 72px) !important; max-width: 25vw !important;
  }
}
/* A phone that lies. */
@media (max-height: 500px) {
  [class*="st-key-several-"] { --rows: 1 !important; }
  .st-key-several-2 { --columns: 2 !important; }
  .st-key-several-4 { --columns: 4 !important; }
  .st-key-several-5 { --columns: 5 !important; }
  .st-key-several-6 { --columns: 6 !important; }
}
"""

#: Texts run from the right; A and its button stay on the left, where the key for A points.
RIGHT_TO_LEFT = """
.st-key-text, .st-key-withdraw, .st-key-lacking p, h2, [data-testid="stProgress"] p,
[data-testid="stAlert"] {
  direction: rtl; text-align: right;
}
.st-key-text :is(p, li, h1, h2, h3), .st-key-withdraw p { text-align: right !important; }
[data-testid="stCode"] { direction: ltr; }
"""
