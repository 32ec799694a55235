"""Streamlit components: Python wrappers beside the JavaScript and CSS that they serve."""
