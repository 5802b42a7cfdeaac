"""Pictures of a run: :mod:`~ssbsim.results.pictures.draw` chooses them, every other file draws one kind."""
