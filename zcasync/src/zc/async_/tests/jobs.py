"""Callables, and jobs, for the tests of dispatchers."""
import datetime
import operator

from zc.async_ import local
from zc.async_.job import Job
from zc.async_.tests import base


SECOND = datetime.timedelta(seconds=1)


def returns_job(number):
    return local.getQueue().put(Job(operator.mul, number, 2))


class GoOn:
    """A callable that is stored, and takes any result."""

    def __init__(self, test):
        self.test = test

    def __call__(self, result):
        return base.wait_for_go(self.test)
