"""The charts and sheets of pictures, in one look. Each also leaves its data as CSV."""
