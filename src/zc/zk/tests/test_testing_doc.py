"""The examples in docs/testing.rst hold.

They set up their own servers, which test_docs would not let them reach.
"""
from __future__ import annotations

import doctest
import pathlib
import unittest

import zc.zk.testing


DOCUMENT = pathlib.Path(zc.zk.testing.__file__).parents[4].joinpath(
    'docs', 'testing.rst')


def test_suite() -> unittest.TestSuite:
    return doctest.DocFileSuite(
        str(DOCUMENT), module_relative=False,
        optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL)


def load_tests(*_: object) -> unittest.TestSuite:
    return test_suite()
