"""How the voting page looks, where Streamlit's theme does not say it."""

CSS = """
[data-testid="stMainBlockContainer"] { padding: 1rem 1rem 0; max-width: 1280px; }
[data-testid="stHeader"], [data-testid="stElementToolbar"] { display: none; }
.st-key-text { max-width: 42rem; margin: 1.5rem auto; }
.st-key-withdraw { max-width: 42rem; margin: 1rem auto; }
.st-key-next, .st-key-lacking, .st-key-clock { display: none; }
/* Set by shown.js. */
[data-pictures-lack] .st-key-lacking {
  display: block; background: #fdf3d8; border-radius: .5rem; padding: .8rem 1rem;
}
h2 { font-size: 1.35rem !important; padding: 0 0 .5rem !important; }
[data-testid="stVerticalBlock"] { gap: .6rem; }
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p,
[data-testid="stImageCaption"] { color: #3a4049 !important; opacity: 1 !important; }
button kbd { color: inherit !important; opacity: 1 !important; }

/* Both results fit on the screen, with the buttons below them. */
.st-key-results [data-testid="stImageContainer"] { position: relative; }
.st-key-results img { max-height: calc(100vh - 17.5rem); object-fit: contain; }
.st-key-results [data-testid="stImageCaption"] {
  position: absolute; top: .4rem; left: .4rem; width: auto !important;
  background: #fff; border-radius: .3rem; padding: 0 .5rem; margin: 0;
}
.st-key-results [data-testid="stCaptionContainer"] p {
  color: #1c1f24 !important; font-size: 1.1rem; font-weight: 600; line-height: 1.7rem; margin: 0;
}
.st-key-sources [data-testid="stImage"] img {
  height: 96px !important; width: auto !important; object-fit: contain;
}

/* More than two results: in a row, or in two, of which both fit. */
.st-key-beside, .st-key-ordered { display: grid !important; gap: .6rem; --columns: 3; --rows: 1; }
.st-key-several-4 .st-key-beside { --columns: 2; --rows: 2; }
.st-key-several-4 .st-key-ordered { --columns: 4; }
:is(.st-key-several-5, .st-key-several-6) :is(.st-key-beside, .st-key-ordered) { --rows: 2; }
:is(.st-key-beside, .st-key-ordered) { grid-template-columns: repeat(var(--columns), 1fr); }
:is(.st-key-beside, .st-key-ordered) > * { width: auto !important; min-width: 0; }
.st-key-results :is(.st-key-beside, .st-key-ordered) img {
  max-height: calc((100vh - 17.5rem) / var(--rows) - .6rem);
}
/* Two rows are no wider than their pictures, about, so that these stand side by side. */
@media (min-width: 641px) {
  .st-key-several-4 .st-key-beside { max-width: calc((100vh - 17.5rem) * 1.4); margin: 0 auto; }
  :is(.st-key-several-5, .st-key-several-6) :is(.st-key-beside, .st-key-ordered) {
    max-width: calc((100vh - 17.5rem) * 2.1); margin: 0 auto;
  }
}
.st-key-ordered > * {
  position: relative; cursor: grab; touch-action: none; user-select: none; border-radius: .3rem;
}
.st-key-ordered img { pointer-events: none; }
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
  .st-key-results :is(.st-key-beside, .st-key-ordered) {
    --columns: 2 !important; --rows: 2 !important; gap: .4rem;
  }
  :is(.st-key-several-5, .st-key-several-6) :is(.st-key-beside, .st-key-ordered) {
    --rows: 3 !important;
  }
  .st-key-results :is(.st-key-beside, .st-key-ordered) img {
    max-height: calc((100dvh - 16.5rem) / var(--rows) - .4rem);
  }
  .st-key-answers .st-key-letters { gap: .4rem; }
  .st-key-answers .st-key-letters button { min-width: 2.9rem; }
  [data-testid="stMainBlockContainer"] { padding: .6rem .6rem 0; }
  .st-key-sources [data-testid="stImage"] img { height: 56px !important; }
  .st-key-results img { max-height: calc(50dvh - 8.7rem); }
  .st-key-results [data-testid="stHorizontalBlock"] { gap: .4rem; }
  .st-key-answers kbd { display: none; }
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
