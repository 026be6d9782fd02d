"""Bots: real WebRTC peers (ICE, DTLS, SRTP) whose media the compiled engine carries. Pure, but for `shell`."""
