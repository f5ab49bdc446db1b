"""Findings as a page on paper and on the screen. The only door to matplotlib and reportlab."""
