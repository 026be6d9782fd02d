"""One module per kind of command, one function per command: (draft, command) → events in the draft, or a Refusal."""
