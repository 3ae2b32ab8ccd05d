"""Run by test_alias under the old name."""
from . import __name__ as package


if __name__ == '__main__':
    print('hello from', package)
