"""``python -m zc.zk._run``: the launcher as a process.

Runs in the main thread.
"""
from .command import main


if __name__ == '__main__':
    main()
