"""What people see in the browser: the participant's page and the administrator's."""
