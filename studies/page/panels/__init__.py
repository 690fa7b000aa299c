"""What the administrator's page shows, a file for each view."""
