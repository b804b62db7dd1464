"""The enrollment service: the truth about people, trainings and who is in them."""
