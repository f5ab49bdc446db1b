"""The main script. It lies beside the pages so that a link straight to a page finds its frame."""

import streamlit as st

st.navigation(
    [
        st.Page("cases.py", title="Cases", icon=":material/view_list:", default=True),
        st.Page("review.py", title="Review", icon=":material/brush:"),
        st.Page("change.py", title="Change", icon=":material/show_chart:"),
        st.Page("models.py", title="Models", icon=":material/network_intelligence:"),
    ],
    position="top",
).run()
