"""The CNN explorer: see convolutional networks, from LeNet-5 to SENet."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ASSETS = ROOT / "assets"
