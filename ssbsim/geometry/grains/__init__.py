"""Where the grains of a polycrystal are: tessellations, textures, orientations; and how large grains turned out."""
