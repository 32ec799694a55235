"""The little CSS that Streamlit's theme cannot express: how much of a projector's screen is empty."""

from __future__ import annotations

import streamlit as st

CSS = """
<style>
  [data-testid="stMainBlockContainer"] { padding: 3.8rem 1.5rem 3rem; }
  [data-testid="stMain"] [data-testid="stVerticalBlock"] { gap: .5rem; }
  [data-testid="stMain"] h2 { padding-top: 2rem; font-size: 1.4rem; }
  [data-testid="stTopNavLink"] { padding-inline: .375rem; }
  [data-testid="stSidebar"] { min-width: 15rem; max-width: 17rem; }
  [data-testid="stSidebarUserContent"] { padding-bottom: 1rem; }
  [data-testid="stSidebar"] [class*="st-key-tour-"] { margin-bottom: -.75rem; }
  [data-testid="stSidebar"] [class*="st-key-tour-"] p { text-align: left; }
  [data-testid="stCaptionContainer"] { font-size: 1rem; }
  [data-testid="stMain"] h1 { padding: 0 0 .2rem; font-size: 1.75rem; line-height: 1.05; }
  .st-key-tool-title { padding-bottom: .75rem; }
  [data-testid="stMain"] [data-testid="stPageLink"] p { font-size: 1.25rem; font-weight: 600; }
  [data-testid="stMain"] [class*="st-key-cost-"] [data-testid="stPageLink"] p { font-size: 1rem; font-weight: 400; }
  @media (max-width: 640px) {
    [data-testid="stMainBlockContainer"] { padding: 4rem .75rem 2rem; }
    .st-key-timeline { display: none; } /* no room for the names; the cards below say the same */
    [data-testid="stLayoutWrapper"]:has(.st-key-section-draw) { order: -1; }
  }
</style>
"""

# The calculator, Home, Compare, tables. Lengths in rem: they grow with the window.
TOOLS = """
<style>
  [class*="st-key-numbers-"] > * { flex: 1 1 7.5rem !important; min-width: 7.5rem !important; }
  .st-key-numbers-position > :has([data-testid="stSelectbox"]) { flex: 3 1 15rem !important; }
  [class*="st-key-numbers-"] :is([data-testid="stNumberInputStepUp"], [data-testid="stNumberInputStepDown"]) {
    display: none; /* the number itself needs the room */
  }
  [data-testid="stTable"] table { font-size: 1rem; }
  .long-table { max-height: 34rem; overflow: auto; }
  .long-table table { border-collapse: collapse; }
  .long-table :is(td, th) { padding: .2rem .75rem .2rem 0; border-bottom: 1px solid rgb(128 128 128 / 30%); }
  .long-table :is(td, th) { text-align: left; white-space: nowrap; }
  .st-key-section-layers :is(td, th):nth-child(n + 8):nth-child(-n + 12) { text-align: right; }
  .long-table th { position: sticky; top: 0; background: light-dark(#ffffff, #12151b); }
  [class*="st-key-way-in-"] img { display: block; height: 6.5rem; max-width: 100%; margin: auto; }
  [data-testid="stMain"] [data-testid="stPageLink"] p { text-decoration: underline; text-underline-offset: .2em; }
  @media (min-width: 641px) { [class*="st-key-way-in-"] { height: 100%; } }
  @media (max-width: 640px) {
    .st-key-accuracy .annotation { display: none; } /* no room; a touch shows the name */
    /* A claim on a few lines of its own: four columns would be a few letters wide. */
    .st-key-claims thead { display: none; }
    .st-key-claims :is(table, tbody, tr, td) { display: block; border: 0; }
    .st-key-claims tr { padding: .5rem; border-bottom: 1px solid rgb(128 128 128 / 40%); }
    .st-key-claims td { padding: 0; }
    .st-key-claims td:first-child { font-weight: 600; }
  }
</style>
"""

# On paper: the page without what is for pressing, in one column, as long as it is.
PRINT = """
<style>
  @media print {
    :is([data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stExpandSidebarButton"]),
    .st-key-section-bar { display: none !important; }
    :is(html, body, #root, #root > div, .stApp, [data-testid="stAppViewContainer"], [data-testid="stMain"]) {
      position: static !important;
      display: block !important;
      height: auto !important;
      overflow: visible !important;
    }
    [data-testid="stMainBlockContainer"] { max-width: none; padding: 0; }
    [data-testid="stHorizontalBlock"] { display: block !important; }
    [data-testid="stColumn"] { width: 100% !important; height: auto !important; max-height: none !important; }
    .long-table { max-height: none; overflow: visible; }
    .long-table :is(td, th) { padding-right: .4rem; font-size: .55rem; white-space: normal; }
    .long-table th { position: static; }
    :is(tr, img, canvas, [data-testid="stPlotlyChart"]) { break-inside: avoid; }
    * { print-color-adjust: exact; }
  }
</style>
"""


def apply() -> None:
    """Put the CSS on the page."""
    st.html(CSS)
    st.html(TOOLS)
    st.html(PRINT)
