"""What works on every network's selection: a folder each.

`compute.py` knows no Streamlit, `panel.py` computes nothing.
"""
