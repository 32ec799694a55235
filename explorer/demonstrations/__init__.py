"""What only some networks have, shown live: a folder each.

`compute.py` knows no Streamlit, `panel.py` computes nothing.
"""
