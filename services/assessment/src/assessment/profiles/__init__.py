"""What each person can do, competency by competency, against what the job requires."""
