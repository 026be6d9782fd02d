"""SCTP on the wire (RFC 9260, RFC 3758, RFC 6525): packets, and the chunks and parameters that data channels need."""
