"""A process that updates one node, for test_updates.

``python -m zc.zk.tests.updater CONNECTION PATH NAME COUNT`` adds that many
properties, one at a time, by each of the ways that there are.
"""
from __future__ import annotations

import sys

import zc.zk


def main(connection: str, path: str, name: str, count: str) -> None:
    with zc.zk.ZooKeeper(connection, 30.0) as zk:
        properties = zk.properties(path, watch=False)
        for i in range(int(count)):
            key = f'{name}{i}'
            if i % 3 == 0:
                properties[key] = 1
            elif i % 3 == 1:
                properties.update({key: 1})
            else:
                zk.ln('/', f'{path}/{key}')


if __name__ == '__main__':
    main(*sys.argv[1:])
