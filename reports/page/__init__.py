"""The report as people see it: index.html and report.md. To restyle it, change templates/."""
