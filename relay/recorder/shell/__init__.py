"""The recorder's process: socket, files, and the conversation with its parent."""
