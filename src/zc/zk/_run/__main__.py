"""``python -m zc.zk._run``: the launcher as a process."""
from .command import main


if __name__ == '__main__':
    main()
