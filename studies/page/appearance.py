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
.st-key-sources [data-testid="stImage"] img { height: 96px !important; width: auto !important; }

div:has(> .st-key-answers) { position: sticky; bottom: 0; background: #fff; z-index: 5; }
.st-key-answers { padding: .4rem 0 .7rem; gap: .8rem; }
.st-key-marks kbd { display: none; }
.st-key-answers .st-key-marks button { min-width: 3.4rem; }
.st-key-answers button { min-height: 2.9rem; min-width: 6.5rem; }
@media (max-width: 640px) {
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
