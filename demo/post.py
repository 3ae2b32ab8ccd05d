"""The shop's code: an order, and the mail that a job sends for it."""
from __future__ import annotations

import os
import pathlib
import time

import persistent


class Order(persistent.Persistent):
    """An order of a customer.

    :ivar mailed: how often a commit said that its mail was sent
    """

    mailed = 0

    def __init__(self, number: int, customer: str) -> None:
        self.number = number
        self.customer = customer

    def confirm(self, outbox: str) -> str:
        """Send the mail that confirms the order: this is the job."""
        directory = pathlib.Path(outbox)
        with (directory / 'attempts').open('a') as attempts:
            attempts.write(f'{self.number}\n')
        self.mailed += 1
        # Mail is no part of the transaction.  The file has the order's
        # number as its name, so that a job that is started again sees
        # whether the mail was sent.  A new mail is moved into place whole.
        mail = directory / f'{self.number}.mail'
        if not mail.exists():
            draft = directory / f'{self.number}.{os.getpid()}'
            draft.write_text(f'Dear {self.customer}, thank you for order '
                             f'{self.number}.\n')
            time.sleep(0.1)     # mail servers are slow
            draft.rename(mail)
        return mail.name
