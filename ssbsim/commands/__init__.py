"""What the command line and scripts call: one file for each command, over all other rooms."""
