"""The file that is written from a template.

Runs in a script's main thread.  It must not know where the text comes from.
"""
from __future__ import annotations

import os
import shlex
import stat
import subprocess
import sys

from .._commands.replacement import replacement
from .._commands.streams import Failure


#: What stands for the new file's name in a command that checks it.
PLACE = '{}'


class Target:
    """A file that is replaced whole, when its text changes.

    :param name: of a regular file, which may be missing
    :param check: a command of the shell that says whether the text is good;
        ``{}`` in it stands for the name of the new file; None: no command
    :raises Failure: when it is no regular file
    """

    def __init__(self, name: str, check: str | None = None) -> None:
        self.name = name
        self._check = check
        if os.path.exists(name) and not stat.S_ISREG(os.stat(name).st_mode):
            raise Failure(f'{name}: not a regular file')

    @property
    def exists(self) -> bool:
        """Whether there is a file."""
        return os.path.exists(self.name)

    def write(self, text: str) -> bool:
        """Give the file a text; tell whether it had another.

        :raises Failure: when the check fails; the old file stays
        """
        try:
            with open(self.name, 'rb') as file:
                if file.read() == text.encode('utf-8'):
                    return False
        except FileNotFoundError:
            pass
        with replacement(self.name) as (new, temporary):
            new.write(text)
            if self._check is not None:
                new.flush()
                status = run(self._check.replace(
                    PLACE, shlex.quote(temporary)))
                if status:
                    raise Failure(
                        f'{self.name} stays as it is: the check '
                        f'ended with {status}: {self._check}')
        return True


def run(command: str) -> int:
    """Run a command of the shell, and return its exit status.

    What it prints goes to the standard error.
    """
    sys.stderr.flush()
    try:
        out: int | None = sys.stderr.fileno()
    except (OSError, ValueError):
        out = subprocess.DEVNULL        # no file of the system's
    return subprocess.run(
        command, shell=True, check=False, stdin=subprocess.DEVNULL,
        stdout=out).returncode
