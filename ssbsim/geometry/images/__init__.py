"""From labelled images to grains: files, parts, and smooth interfaces in place of the stairs of pixels."""
