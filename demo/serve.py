"""Serve a paste.deploy file: python serve.py FILE ZOOKEEPER."""
from __future__ import annotations

import os
import sys

from paste.deploy import loadapp
from paste.deploy import loadserver


def main(file, zookeeper):
    uri = 'config:' + os.path.abspath(file)
    options = {'zookeeper_address': zookeeper}
    serve = loadserver(uri, global_conf=options)
    serve(loadapp(uri, global_conf=options))


if __name__ == '__main__':
    main(*sys.argv[1:])
