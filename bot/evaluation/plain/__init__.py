"""A plain Rasa project with its default pipeline, trained on our data: a baseline, in an environment of its own."""
