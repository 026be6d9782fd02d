"""What was measured: histograms, the quality of what bots received, the cost of processes. Pure, but for `shell`."""
