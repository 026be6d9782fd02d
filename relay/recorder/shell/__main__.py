"""`python -m relay.recorder.shell`: started by the relay, one for each call that is recorded."""

import asyncio
import os
import signal

from relay.recorder.shell.process import main

# A terminal's Ctrl-C is for the relay, which then tells its recorders to finish.
signal.signal(signal.SIGINT, signal.SIG_IGN)
# A file beyond its limit is a full disk, not a reason to die.
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
# Media is forwarded first, and recorded with what is left.
os.nice(5)
asyncio.run(main())
