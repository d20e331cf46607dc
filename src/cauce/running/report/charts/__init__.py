"""Charts as inline SVG: a few forms, in colours and signs that everybody tells apart."""
