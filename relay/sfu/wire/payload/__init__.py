"""What a forwarder must see inside a payload, one module a codec: where a keyframe begins, and which layer a packet is of.

Each has `parse` for the fields and `is_keyframe_start(payload) -> bool`, which never raises. They are the oracles of the
compiled twins.
"""
