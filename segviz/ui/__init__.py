"""What the pages show. The only door to Streamlit and Plotly."""
