"""Becomes a command: what has to be done between fork and exec.

A program of its own, run by its path, since code between fork and exec is
not safe in a process with threads.  It imports nothing of ours.

Arguments: the parent's process id, the descriptor of the socket to pass or
``-``, the command.
"""
from __future__ import annotations

import ctypes
import os
import signal
import sys


PR_SET_PDEATHSIG = 1
#: The descriptor that LISTEN_FDS announces, and the one that {fd} names.
FDS = (3, 4)


def main() -> None:
    parent, fd = int(sys.argv[1]), sys.argv[2]
    command = sys.argv[3:]
    # A group of its own: Ctrl-C reaches the launcher only, and what the
    # command leaves behind can be found.
    os.setpgid(0, 0)
    if sys.platform == 'linux':
        # SIGTERM, since a server of several processes can then end all.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(128 + signal.SIGTERM)      # it is dead already
    if fd != '-':
        for number in FDS:
            if number != int(fd):
                os.dup2(int(fd), number)
        # As it comes from our parent, it is inheritable.
        if int(fd) not in FDS:
            os.close(int(fd))
        if 'LISTEN_FDS' in os.environ:
            os.environ['LISTEN_PID'] = str(os.getpid())
    # Python ignores these, and exec would hand that on.
    for name in ('SIGPIPE', 'SIGXFSZ'):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        os.execvp(command[0], command)
    except OSError as e:
        print(f'zczk run: {command[0]!r}: {e.strerror}', file=sys.stderr)
        # The statuses that shells use.
        os._exit(127 if isinstance(e, FileNotFoundError) else 126)


if __name__ == '__main__':
    main()
