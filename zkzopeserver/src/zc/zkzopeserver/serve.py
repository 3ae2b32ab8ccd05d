"""The command zkserve: serve what a paste-deploy file describes.

Knows no engine and no option of one: whatever runner the file names is
called.  Runs in the main thread.
"""
from __future__ import annotations

import argparse
import configparser
import importlib.metadata
import logging.config
import os
from collections.abc import Sequence
from typing import Any

from paste.deploy import loadapp
from paste.deploy import loadwsgi

from . import _runner
from ._options.table import OptionError


__all__ = ['main']

_ENGINES = {'zc.zkzopeserver:run': 'zope',
            'zc.zkzopeserver:run_waitress': 'waitress'}


def main(args: Sequence[str] | None = None) -> None:
    """Run the command.

    :param args: the command's arguments; those of the process when not
        given
    :raises SystemExit: with status 2 when the server cannot start
    """
    options = _parse(args)
    path, _, name = options.file.partition('#')
    if not os.path.isfile(path):
        _runner.fail(f'zkserve: there is no file {path!r}')
    spec = 'config:' + os.path.abspath(path)
    given = dict(options.define)
    server_name = options.server_name or name or None
    app_name = options.app_name or name or None
    _configure_logging(path, given)
    try:
        context = loadwsgi.loadcontext(
            loadwsgi.SERVER, spec, name=server_name, global_conf=given)
        if app_name == name and name and options.app_name is None:
            app_name = _known(spec, name, given)
        application = loadapp(spec, name=app_name, global_conf=given)
        if options.check:
            _check(context)
            print(f'{path}: all right')
            return
        server = context.create()
    except SystemExit:
        raise
    except OptionError as e:
        _runner.fail(str(e))
    except (LookupError, OSError, ValueError, ImportError, AttributeError,
            AssertionError, configparser.Error) as e:
        _runner.fail(f'zkserve: {path}: {_one_line(e)}')
    server(application)


def _parse(args: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='zkserve',
        description='Serve the application of a paste-deploy file with the '
        'server of its [server:...] section.',
        epilog='SIGTERM, SIGINT and SIGHUP stop the server after the '
        'requests in work are answered; a second signal skips the waiting.')
    parser.add_argument(
        'file', metavar='FILE.ini[#NAME]',
        help='the file, and the name of its server section and its '
        'application section (default: main)')
    parser.add_argument(
        '--app-name', metavar='NAME', help='use [app:NAME]')
    parser.add_argument(
        '--server-name', metavar='NAME', help='use [server:NAME]')
    parser.add_argument(
        '-D', dest='define', metavar='name=value', type=_definition,
        action='append', default=[],
        help='set an option of the server, or a value for %%(name)s in the '
        'file; may be given several times')
    parser.add_argument(
        '--check', action='store_true',
        help='load everything, bind nothing, and say what is wrong')
    return parser.parse_args(args)


def _definition(text: str) -> tuple[str, str]:
    name, equals, value = text.partition('=')
    if not equals or not name:
        raise argparse.ArgumentTypeError(f'name=value is needed, not {text!r}')
    return name, value


def _known(spec: str, name: str, given: dict[str, str]) -> str | None:
    """Return `name` if there is an application of that name, else None.

    FILE.ini#NAME may name a server section alone.
    """
    try:
        loadwsgi.loadcontext(
            loadwsgi.APP, spec, name=name, global_conf=dict(given))
    except LookupError:
        return None
    return name


def _check(context: Any) -> None:
    """Check the options if the server is one of ours."""
    runner = context.object
    engine = _ENGINES.get(f'{runner.__module__}:{runner.__qualname__}')
    if engine is not None:
        _runner.prepare(engine, context.global_conf, context.local_conf)


def _configure_logging(path: str, given: dict[str, str]) -> None:
    """Configure logging from [loggers] of the file, as other runners do.
    """
    parser = configparser.ConfigParser(
        defaults={'here': os.path.dirname(os.path.abspath(path)),
                  '__file__': os.path.abspath(path), **given},
        strict=False)
    try:
        with open(path, encoding='utf-8') as stream:
            parser.read_file(stream)
    except (configparser.Error, OSError, UnicodeDecodeError) as e:
        _runner.fail(f'zkserve: {path}: {_one_line(e)}')
    if parser.has_section('loggers'):
        try:
            logging.config.fileConfig(parser, disable_existing_loggers=False)
        except Exception as e:
            _runner.fail(f'zkserve: {path}: logging: {_one_line(e)}')
    else:
        logging.basicConfig(
            level=logging.INFO,
            format='%(asctime)s %(levelname)s %(name)s %(message)s')


def _one_line(error: BaseException) -> str:
    if isinstance(error, importlib.metadata.PackageNotFoundError):
        return f'no package named {error.name} is installed'
    text = ' '.join(str(error).split())
    return text or type(error).__name__


if __name__ == '__main__':
    main()
