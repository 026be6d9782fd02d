"""The recorder of one call: a receiving peer of the media plane in a process of its own, writing Matroska. No transcoding."""
