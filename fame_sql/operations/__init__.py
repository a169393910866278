"""What people do with verdicts from day to day: counts, incidents, alerts, feedback and drift."""
