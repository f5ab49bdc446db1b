"""The server: Streamlit's pages and segviz's own routes on one port.

``streamlit run app.py`` and ``uvicorn app:app`` both find ``app``.
"""

import streamlit as st

from segviz import settings, web

app = st.App("pages/navigation.py", routes=web.routes(settings.load()))
