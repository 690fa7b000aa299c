"""The page itself: building, templates, explorer, cards, tables, citations."""
