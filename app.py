"""The server: Streamlit's pages and segviz's own routes on one port.

``streamlit run app.py`` and ``uvicorn app:app`` both find ``app``.
"""

import streamlit as st

from segviz import jobs, settings, web

chosen = settings.load()
jobs.ensure_worker(chosen)
app = st.App("pages/navigation.py", routes=web.routes(chosen))
