"""Networks that are trained already: ours, shipped, and those of others."""
