"""Load for a relay: bots that are real WebRTC peers, bad networks, and reports. See docs/loadtest.md."""
