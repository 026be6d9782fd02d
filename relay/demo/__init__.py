"""A call to look at without a camera: a synthetic kiosk, and a synthetic seat."""
