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
  /* The tour's bar, and presenting: the attributes are the stage component's. */
  [data-testid="stLayoutWrapper"]:has(> .st-key-tour) { z-index: 100; background: inherit; }
  html[data-tour] [data-testid="stLayoutWrapper"]:has(> .st-key-tour) { position: sticky; top: 3.75rem; }
  html[data-presenting] { font-size: calc(1.25 * clamp(16px, 1.25vw, 28px)); }
  html[data-presenting] :is([data-testid="stHeader"], [data-testid="stSidebar"], [data-testid="stToolbar"]) {
    display: none;
  }
  html[data-presenting] [data-testid="stMainBlockContainer"] { padding-block: .5rem 4rem; }
  html[data-presenting] [data-testid="stLayoutWrapper"]:has(> .st-key-tour) {
    position: fixed;
    inset: auto 0 0;
  }
  @media (max-width: 640px) {
    html[data-tour] [data-testid="stLayoutWrapper"]:has(> .st-key-tour) {
      position: fixed;
      inset: auto 0 0;
    }
    html[data-tour] [data-testid="stMainBlockContainer"] { padding-bottom: 34dvh; }
  }
</style>
"""


def apply() -> None:
    """Put the CSS on the page."""
    st.html(CSS)
