"""Add up the test runs whose output was kept: summary.py NAME.log ...

Prints a line for each run, then the closing line of them all.  The exit
status is 1 when a run failed, skipped a test or had none.
"""
from __future__ import annotations

import pathlib
import re
import sys


COLOR = re.compile(r'\x1b\[[0-9;]*m')
COUNTS = (r'(\d+) tests?(?:,| with) (\d+) failures?, '
          r'(\d+) errors?,? (?:and )?(\d+) skipped')
RAN = re.compile(r'^\s*Ran ' + COUNTS, re.MULTILINE)
TOTAL = re.compile(r'^\s*Total: ' + COUNTS, re.MULTILINE)


def count(text: str) -> tuple[int, int, int]:
    """Return how many tests passed, failed and were skipped in a log.

    A log may hold several runs.  The runner prints a line for each layer of
    a run, and one for their total if there are several.
    """
    passed = failed = skipped = 0
    for run in COLOR.sub('', text).split('Running tests at '):
        for match in TOTAL.finditer(run) if TOTAL.search(run) \
                else RAN.finditer(run):
            tests, failures, errors, skips = map(int, match.groups())
            failed += failures + errors
            skipped += skips
            passed += tests - failures - errors - skips
    return passed, failed, skipped


def main(names: list[str]) -> int:
    """Print the summary; return the exit status."""
    totals = [0, 0, 0]
    bad = not names
    for name in names:
        path = pathlib.Path(name)
        text = path.read_text(encoding='utf-8', errors='replace')
        passed, failed, skipped = counts = count(text)
        print(f'{path.stem}: {passed} passed, {failed} failed, '
              f'{skipped} skipped')
        bad = bad or not passed or bool(failed or skipped)
        totals = [a + b for a, b in zip(totals, counts, strict=True)]
    print('{} passed, {} failed, {} skipped'.format(*totals))
    return int(bad)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
