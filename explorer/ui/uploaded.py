"""Files that a viewer gave: Streamlit holds each until the session ends, though a page reads it once."""

from __future__ import annotations

from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile


def let_go(given: UploadedFile) -> None:
    """Have Streamlit forget a file; its widget says None from now on."""
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, given.file_id)
