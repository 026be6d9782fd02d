"""The asyncio client of relay's signalling, for programs: tools, tests, load."""
