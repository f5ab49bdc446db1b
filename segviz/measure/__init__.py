"""Numbers about masks: ml, diameters, hectares, agreement. Nothing here knows a file or a page."""
