"""What does a stored run hold, and can it be compared with? The schema, and the runs that serve as baselines."""
