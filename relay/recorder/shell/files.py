"""The files of a recording: made for their owner alone, written without a buffer of ours, so that a kill loses nothing written."""

import os
from pathlib import Path

from relay.recorder.recording import Close, Write


class Files:
    """Open files by name, below one directory. Every method raises `OSError` as the disk does."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._descriptors: dict[str, int] = {}
        self.written_bytes = 0
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def write(self, deed: Write) -> None:
        """Append the whole of it, or raise."""
        descriptor = self._descriptors.get(deed.file)
        if descriptor is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | (os.O_EXCL if deed.new else 0)
            descriptor = self._descriptors[deed.file] = os.open(self._directory / deed.file, flags, 0o600)
        view = memoryview(deed.data)
        while view:
            count = os.write(descriptor, view)
            self.written_bytes += count
            view = view[count:]

    def close(self, deed: Close) -> None:
        """Make the file safe against the loss of power, and let it go."""
        descriptor = self._descriptors.pop(deed.file, None)
        if descriptor is not None:
            try:
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)

    def close_all(self) -> None:
        """Let go of everything."""
        for file in list(self._descriptors):
            self.close(Close(file))
