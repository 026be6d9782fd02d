"""The emulated link applied to real datagrams."""
