"""The operator's commands, one file per group; `countenance.cli` joins them."""
