"""Build the distributions and import all of them: wheels.py [PYTHON ...]

The wheels are built from the source archives, so that a file that the
manifest forgets is missed.  For each Python, they are installed into an
environment of its own beside zc.thread and zc.lockfile, which share the
namespace, and every module is imported.
"""
from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile


ROOT = pathlib.Path(__file__).parent.parent
MUST_HAVE = {
    'zc_zk': ['zc/zk/py.typed', 'zc/zk/monitor.zcml', 'zc/zk_pytest.py',
              'zc/zk/_rendering/shipped/haproxy.j2',
              'zc/zk/_web/static/page.html'],
    'zc_zkzopeserver': ['zc/zkzopeserver/py.typed'],
    'zc_async': ['zc/async/__init__.py', 'zc/async_/py.typed',
                 'zc/async_/basic_dispatcher_policy.zcml'],
}
# Runs in the new environment, away from the sources.
IMPORT_ALL = '''
import importlib, pathlib, pkgutil
import zc.async_, zc.lockfile, zc.thread, zc.zk, zc.zkzopeserver
count = 0
for package in zc.async_, zc.zk, zc.zkzopeserver:
    assert 'site-packages' in package.__file__, package.__file__
    for info in pkgutil.walk_packages(
            package.__path__, package.__name__ + '.'):
        # Tests may need what the machine lacks; some doors need an extra.
        if not {'__main__', 'tests', 'trace', 'aiohttp', 'httpx', 'metrics',
                'requests', 'templates', 'web', '_web'} & set(
                    info.name.split('.')):
            importlib.import_module(info.name)
            count += 1
print(count, 'modules imported')
'''


def run(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True)


def build(directory: pathlib.Path) -> list[pathlib.Path]:
    """Build the wheels; return them."""
    for source in ROOT, ROOT / 'zkzopeserver', ROOT / 'zcasync':
        run(sys.executable, '-m', 'build', '--outdir', directory, source)
    # Indexes refuse a description that they cannot render.
    run(sys.executable, '-m', 'twine', 'check', '--strict',
        *sorted(directory.iterdir()))
    wheels = sorted(directory.glob('*.whl'))
    for wheel in wheels:
        check(wheel)
    return wheels


def check(wheel: pathlib.Path) -> None:
    """Look for what a wheel must hold, and must not."""
    stem = wheel.name.split('-')[0]
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        [metadata] = [name for name in names if name.endswith('/METADATA')]
        text = archive.read(metadata).decode('utf-8')
    missing = set(MUST_HAVE[stem]) - set(names)
    assert not missing, f'{wheel.name} lacks {missing}'
    assert 'zc/__init__.py' not in names, f'{wheel.name} takes all of zc'
    # A package that is found by mistake would be installed for everybody.
    own = stem.removeprefix('zc_')
    # async is a keyword: the package is async_, and async its alias.
    # pytest imports its plug-in in every project: it stands alone.
    rooms = (f'zc/{own}/', f'zc/{own}_/', f'zc/{own}_pytest.py', f'{stem}-')
    stray = [name for name in names if not name.startswith(rooms)]
    assert not stray, f'{wheel.name} holds {stray}'
    assert 'ZPL-2.1' in text, f'{wheel.name} names no license'
    assert any(name.endswith('LICENSE.txt') for name in names), names


def main(pythons: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        wheels = build(directory)
        os.chdir(directory)
        for number, python in enumerate(pythons or [sys.executable]):
            environment = directory / str(number)
            run(python, '-m', 'venv', environment)
            there = environment / 'bin' / 'python'
            run(there, '-m', 'pip', 'install', '--quiet',
                '--disable-pip-version-check',
                *[f'{wheel}[test]' for wheel in wheels],
                'zc.thread', 'zc.lockfile')
            run(there, '-c', IMPORT_ALL)


if __name__ == '__main__':
    main(sys.argv[1:])
