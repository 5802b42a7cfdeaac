"""One file per kind of geometry; every module here is imported by the registry."""
