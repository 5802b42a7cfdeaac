"""Meshes as files: those of others, and those of ssbsim."""
