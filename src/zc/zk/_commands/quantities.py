"""Numbers in the options of commands.

`seconds` and `number` return what reads one, `port` reads one: argparse calls
it with the text, and shows its error.  Runs in a script's main thread.
"""
from __future__ import annotations

import argparse
import contextlib
import math
import threading
from collections.abc import Callable


#: Digits of a whole number that anybody means.
MOST_DIGITS = 9
#: The longest time that a thread can wait, in seconds.
LONGEST = math.nextafter(threading.TIMEOUT_MAX, 0)
HIGHEST_PORT = 65535


def seconds(
    positive: bool = False, most: float = LONGEST
) -> Callable[[str], float]:
    """Read a number of seconds.

    :param positive: whether 0 is too few
    :param most: how many at most
    """
    needed = ('a positive number of seconds' if positive
              else 'a number of seconds')
    if most < LONGEST:
        needed += f', {most:g} at most,'

    def read(text: str) -> float:
        with contextlib.suppress(ValueError):
            found = float(text)
            if 0 <= found <= most and (found or not positive):
                return found
        raise argparse.ArgumentTypeError(f'{needed} is needed, not {text!r}')

    return read


def number(of_what: str, least: int = 0) -> Callable[[str], int]:
    """Read a whole number.

    :param of_what: for the error, for example ``nodes``
    """
    needed = f'a number of {of_what}'
    if least:
        needed += f', {least} at least,'

    def read(text: str) -> int:
        if _is_whole(text) and int(text) >= least:
            return int(text)
        raise argparse.ArgumentTypeError(
            f'{needed} is needed, not {text!r}')

    return read


def port(text: str) -> int:
    """Read a port to listen at; 0 stands for any that is free."""
    if _is_whole(text) and int(text) <= HIGHEST_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(
        f'{text!r} is not a port (0 to {HIGHEST_PORT})')


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
