"""ResNet (2015): residual learning, plain nets and the three kinds of shortcut."""

from __future__ import annotations

import streamlit as st

from explorer.architectures import family
from explorer.ui import loaders, panels
from explorer.ui.screen import current_variant, screen

FAMILY = family("resnet")

variant = current_variant(FAMILY)
screen(FAMILY, variant)

trace = loaders.trace(variant.name)
panels.claims(FAMILY)
panels.layer_table(trace)
panels.code(variant)
panels.mistakes(FAMILY)
panels.sources(FAMILY)
