"""Own copies of what enrollment and assessment told: people, runs, enrolments, scores."""
