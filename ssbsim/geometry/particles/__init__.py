"""Where the particles of a composite electrode are: sizes, packing, outlines."""
