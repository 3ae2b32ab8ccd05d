"""The examples in README.rst and docs/*.rst hold."""
from __future__ import annotations

import contextlib
import io
import os
import pathlib
import re
import shlex
import shutil
import tempfile
from typing import Any

import manuel.capture
import manuel.doctest
import manuel.testing
from zope.testing.renormalizing import OutputChecker

import zc.zk.scripts
import zc.zk.testing


ROOT = pathlib.Path(zc.zk.scripts.__file__).parents[3]

CHECKER = OutputChecker([
    (re.compile(r'pid = \d+'), 'pid = 9999'),
])


def run(shown: str) -> None:
    """Run a script as it is shown, and compare what it prints, if shown."""
    lines = shown.strip().replace('\\\n', ' ').split('\n', 1)
    name, *arguments = shlex.split(lines[0].removeprefix('$ '))
    # comment='ok' in a shell is comment=ok: the examples keep the quotes.
    if name == 'zookeeper_set_property':
        arguments = lines[0].split()[2:]
    script = {'zookeeper_export': zc.zk.scripts.export,
              'zookeeper_import': zc.zk.scripts.import_,
              'zookeeper_set_property': zc.zk.scripts.set_property}[name]
    if len(lines) == 1:
        script(arguments)
        return
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        script(arguments)
    if not CHECKER.check_output(lines[1].strip(), out.getvalue().strip(), 0):
        print(out.getvalue())


def setUp(test: Any) -> None:
    directory = tempfile.mkdtemp()
    test.globs['_directory'] = directory
    test.globs['_home'] = os.getcwd()
    os.chdir(directory)
    test.globs['run'] = run
    zc.zk.testing.setUp(test)


def tearDown(test: Any) -> None:
    zc.zk.testing.tearDown(test)
    os.chdir(test.globs['_home'])
    shutil.rmtree(test.globs['_directory'])


def test_suite() -> Any:
    documents = [ROOT / 'README.rst', *sorted((ROOT / 'docs').glob('*.rst'))]
    # It sets up servers of its own: see test_testing_doc.
    documents.remove(ROOT / 'docs' / 'testing.rst')
    return manuel.testing.TestSuite(
        manuel.doctest.Manuel(checker=CHECKER) + manuel.capture.Manuel(),
        *map(str, documents), setUp=setUp, tearDown=tearDown)
