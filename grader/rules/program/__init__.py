"""Rules on what ``run.sh`` starts: functions from a repository to findings."""
