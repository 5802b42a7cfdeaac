"""Meshes in the plane: outlines of grains lined with rows of thin cells and filled with triangles."""
