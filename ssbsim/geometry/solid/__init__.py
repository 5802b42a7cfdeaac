"""Meshes in space: faces, rows of prisms on them, tetrahedra inside, and Mmg where rows find no room."""
