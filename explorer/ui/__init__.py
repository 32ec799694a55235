"""The only package that imports streamlit: cached loaders, panels and components."""
