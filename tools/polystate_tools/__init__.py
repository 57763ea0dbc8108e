"""What people run: import, export, fit, query, report and the command line."""
