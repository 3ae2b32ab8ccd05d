"""Add up the test runs whose output was kept.

``summary.py NAME.log ...`` prints the failures, a line for each run, then the
closing line of them all.  The exit status is 1 when a run failed, skipped a
test or had none.  A file NAME.again names those that failed beside other
lanes, and passed alone afterwards, all of them: they are told apart, and are
no failures.  A file NAME.failed marks a run that did not end well: if nothing
in its log says why, its end is printed, where a run that was ended for its
time says where its threads are.

``summary.py --failures NAME.log`` prints the module and the name of each test
that failed; the exit status is 1 when they cannot be run again so: there are
none, too many, or some are no methods of a class.
"""
from __future__ import annotations

import pathlib
import re
import sys


COLOR = re.compile(r'\x1b\[[0-9;]*m')
COUNTS = (r'(\d+) tests?(?:,| with) (\d+) failures?, '
          r'(\d+) errors?,? (?:and )?(\d+) skipped')
RAN = re.compile(r'^\s*Ran ' + COUNTS, re.MULTILINE)
FAILURE = re.compile(r'^(?:Failure|Error) in test .*', re.MULTILINE)
METHOD = re.compile(r'\w+ in test (\w+) \((.*?)\)')
#: So many failures in one run come from a fault, not from a full machine.
FEW = 3
#: So many lines are shown of a run that did not come to its end.
LAST = 60
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


def failures(text: str) -> list[str]:
    """Return the paragraphs of a log that tell of failures."""
    text = COLOR.sub('', text)
    return [text[match.start():].split('\n\n\n')[0][:4000]
            for match in FAILURE.finditer(text)]


def methods(text: str) -> list[tuple[str, str]]:
    """Return the modules and names of tests to run again; none if it is of
    no use.
    """
    found = set()
    for failure in failures(text):
        match = METHOD.match(failure)
        if match is None:
            return []
        name, place = match.groups()
        # Since Python 3.11, the name is at the end of the place as well.
        found.add((place.removesuffix('.' + name).rpartition('.')[0], name))
    return sorted(found) if len(found) <= FEW else []


def main(names: list[str]) -> int:
    """Print the summary; return the exit status."""
    if names[:1] == ['--failures']:
        found = methods(read(pathlib.Path(names[1])))
        for module, method in found:
            print(module, method)
        return int(not found)
    totals = [0, 0, 0]
    bad = not names
    paths = [pathlib.Path(name) for name in names]
    for path in paths:
        text = read(path)
        told = failures(text)
        for failure in told:
            print(f'{path.stem}: {failure}\n')
        if not told and path.with_suffix('.failed').exists():
            print(f'{path.stem} failed with no failure; its last lines:',
                  *COLOR.sub('', text).splitlines()[-LAST:], '', sep='\n')
    for path in paths:
        passed, failed, skipped = count(read(path))
        again = path.with_suffix('.again')
        alone = read(again).splitlines() if again.exists() else []
        if alone:
            passed, failed = passed + failed, 0
        counts = passed, failed, skipped
        print(f'{path.stem}: {passed} passed, {failed} failed, '
              f'{skipped} skipped')
        for line in alone:
            print(f'{path.stem}: failed beside the other lanes, then passed '
                  f'three times alone: {line}')
        bad = bad or not passed or bool(failed or skipped)
        totals = [a + b for a, b in zip(totals, counts, strict=True)]
    print('{} passed, {} failed, {} skipped'.format(*totals))
    return int(bad)


def read(path: pathlib.Path) -> str:
    """Return the text of a log, whatever is in it."""
    return path.read_text(encoding='utf-8', errors='replace')


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
