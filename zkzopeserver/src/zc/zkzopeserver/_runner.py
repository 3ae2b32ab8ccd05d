"""From the options to a running server, and from an error to its line.

Runs in the thread that the runner calls us in, the main thread as a rule.
"""
from __future__ import annotations

import atexit
import dataclasses
import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any
from typing import NoReturn

from . import _logging
from . import _monitor
from ._lifecycle import Life
from ._lifecycle import MakeEngine
from ._options import section
from ._options.table import OptionError
from ._options.table import Options


# Runners that catch SystemExit and then exit with status 0.
_FORGIVING = ('gearbox.commands.serve', 'pyramid.scripts.pserve')

# The extra that brings what an engine needs.
_EXTRAS = {'waitress': 'waitress'}


def run_with(
    engine: str,
    application: Any,
    global_conf: Mapping[str, str] | None,
    settings: Mapping[str, str],
) -> None:
    """Serve until a signal comes.

    :param engine: the name of the engine's module
    :raises SystemExit: with status 2 when the server cannot start
    """
    try:
        options, make_engine = prepare(engine, global_conf, settings)
        if _reloading():
            # It kills a server that does not end within a second.
            options = dataclasses.replace(options, drain=0.0)
        _logging.configure(options)
        with _monitor.started(options) as properties:
            Life(options, make_engine).run(application, properties)
    except OptionError as e:
        fail(str(e))


def prepare(
    engine: str,
    global_conf: Mapping[str, str] | None,
    settings: Mapping[str, str],
) -> tuple[Options, MakeEngine]:
    """Return the options and what makes the engine; bind nothing.

    :raises OptionError: when an option is wrong, or needs a package that
        is not installed
    """
    options = section.read(settings, global_conf)
    try:
        module = importlib.import_module(
            f'{__package__}._engines.{engine}')
    except ModuleNotFoundError as e:
        extra = _EXTRAS.get(engine)
        if extra is None or e.name is None:
            raise
        raise options.error(
            'use', f'{e.name} is not installed: '
            f'pip install "zc.zkzopeserver[{extra}]"') from e
    _logging.check(options)
    make_engine: MakeEngine = module.engine_class
    if options.zservertracelog:
        make_engine = _traced(module, options)
    return options, make_engine


def _reloading() -> bool:
    """Tell whether this is the worker of a runner's --reload."""
    hupper = sys.modules.get('hupper')
    return hupper is not None and bool(hupper.is_active())


def _traced(module: Any, options: Options) -> MakeEngine:
    try:
        traced: MakeEngine = module.traced()
    except ModuleNotFoundError as e:
        raise options.error(
            'zservertracelog', f'{e.name} is not installed: '
            'pip install "zc.zkzopeserver[zservertracelog]"') from e
    return traced


def fail(message: str) -> NoReturn:
    """Print what is wrong and exit with status 2."""
    print(message, file=sys.stderr, flush=True)
    spec = getattr(sys.modules.get('__main__'), '__spec__', None)
    names = [*sys.modules, getattr(spec, 'name', None)]
    if any(name in names for name in _FORGIVING):
        # A supervisor must see that the server did not start.
        atexit.register(_exit)
    raise SystemExit(2)


def _exit() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(2)
