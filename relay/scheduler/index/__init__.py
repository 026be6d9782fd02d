"""What makes matching fast: derived from the entities, rebuilt after a restart, never journaled.

`waiting` finds the first call a seat can serve, `supply` the seats that can serve a call, `timers` what is due first.
Their internal arrangement may differ between two equal states; what they answer does not, for every order is total.
"""
