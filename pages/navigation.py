"""The main script. It lies beside the pages so that a link straight to a page finds its frame.

The pages have no icons of their own: a browser would fetch them from a server outside.
"""

import streamlit as st

st.navigation(
    [
        st.Page("cases.py", title="Cases", default=True),
        st.Page("review.py", title="Review"),
        st.Page("change.py", title="Change"),
        st.Page("accuracy.py", title="Accuracy"),
        st.Page("models.py", title="Models"),
    ],
    position="top",
).run()
