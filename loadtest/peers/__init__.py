"""Media servers that can be compared: relay's SFU, Janus, anything that speaks WHIP and WHEP, and a toy."""
