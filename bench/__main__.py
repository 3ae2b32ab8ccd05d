"""Run the benchmarks and write what they print to RESULTS.md.

    python bench [browser] [choice] [encoding] [fleet] [jobs] [leaving]
                 [looking] [page] [parsing] [serving] [trees] [watches]

Each runs in a process of its own; without names, all of them.  What others
printed before stays.
"""
from __future__ import annotations

import pathlib
import platform
import re
import subprocess
import sys
from importlib.metadata import version


HERE = pathlib.Path(__file__).parent
RESULTS = HERE / 'RESULTS.md'
# Stands before what one benchmark found.
MARK = re.compile(r'^<!-- (\w+) -->\n', re.MULTILINE)


def processor() -> str:
    """Return the processor's name, where the system tells it."""
    try:
        text = pathlib.Path('/proc/cpuinfo').read_text(encoding='utf-8')
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r'model name\s*: (.*)', text)
    count = len(re.findall(r'^processor\s*:', text, re.MULTILINE))
    return f'{count} x {found.group(1) if found else platform.machine()}'


def sections() -> dict[str, str]:
    """Return what RESULTS.md has, by benchmark."""
    try:
        parts = MARK.split(RESULTS.read_text(encoding='utf-8'))[1:]
    except OSError:
        return {}
    return dict(zip(parts[::2], parts[1::2], strict=True))


def section(name: str, printed: str) -> str:
    """Return what a benchmark printed as a section with a heading."""
    if printed.startswith('# '):
        printed = '#' + printed
    elif not printed.startswith('## '):
        printed = f'## {name}\n\n```\n{printed.strip()}\n```'
    heading, _, rest = printed.strip().partition('\n')
    return (
        f'\n{heading}\n\nBy `python bench {name}` on {processor()}, '
        f'{platform.platform()}, Python {platform.python_version()}, kazoo '
        f'{version("kazoo")}.\n{rest}\n\n')


def main(names: list[str]) -> int:
    known = sorted(path.stem for path in HERE.glob('[!_]*.py'))
    unknown = set(names) - set(known)
    if unknown:
        print(f'bench: no {", ".join(sorted(unknown))}, only '
              f'{", ".join(known)}', file=sys.stderr)
        return 2
    print('bench: this takes half an hour or so', file=sys.stderr)
    status = 0
    for name in names or known:
        done = subprocess.run(
            [sys.executable, str(HERE / f'{name}.py')], check=False,
            stdout=subprocess.PIPE, encoding='utf-8')
        print(done.stdout)
        if done.returncode:
            status = 1
            continue
        found = sections()
        found[name] = section(name, done.stdout)
        text = '# Benchmarks\n\nWritten by `make bench`.\n\n'
        for each in sorted(found):
            text += f'<!-- {each} -->\n{found[each]}'
        RESULTS.write_text(text, encoding='utf-8')
    return status


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
