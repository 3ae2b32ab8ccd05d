"""Reads a zope.conf by a small schema of ours, and does what it says.

Needs ZConfig (extra ``zconfig``), and for a site-definition
zope.configuration.  Runs in the main thread.
"""
from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import ZODB.config
import zope.event

from .. import configure
from .. import monitor
from ..interfaces import DatabaseOpened
from ..interfaces import FormatError


__all__ = ['check_file', 'keep_files', 'open_databases', 'read', 'serve']


def read(path: str) -> Any:
    """Read a zope.conf; return what ZConfig makes of it.

    :raises ZConfig.ConfigurationError: when something in it is wrong
    :raises OSError: when it cannot be read
    """
    import ZConfig
    with open(os.path.join(os.path.dirname(configure.__file__),
                           'schema.xml'), encoding='utf-8') as stream:
        schema = ZConfig.loadSchemaFile(stream)
    config, _ = ZConfig.loadConfig(schema, os.path.abspath(path))
    return config


def keep_files(config: Any, looks: bool) -> None:
    """Have the file storages of a zope.conf opened as they are.

    ``create true`` would empty them: that is for whoever runs the
    application, not for a command that looks at its jobs.

    :param config: what `read` returned
    :param looks: whether they are only to be read
    """
    for section in config.databases:
        for storage in _files(section):
            storage.config.create = False
            storage.config.read_only = storage.config.read_only or looks


def _files(section: Any) -> Iterator[Any]:
    """Yield the sections of the file storages in a section."""
    if isinstance(section, ZODB.config.FileStorage):
        yield section
        return
    for value in vars(section.config).values():
        # A storage, or those that another one is made of.
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, ZODB.config.BaseConfig):
                yield from _files(each)


def check_file(path: str) -> None:
    """Make sure that a file storage, if there is one, is of Python 3.

    :raises FormatError: when it is of Python 2
    """
    if os.path.isfile(path):
        with open(path, 'rb') as stream:
            if stream.read(4) == b'FS21':
                raise FormatError(f'{path} is a database of Python 2')


def open_databases(config: Any) -> Any:
    """Open the databases; return the main one."""
    databases: dict[str, Any] = {}
    main = None
    try:
        for factory in config.databases:
            for storage in _files(factory):
                check_file(storage.config.path)
            db = factory.open()
            db.databases = databases
            db.database_name = factory.name or ''
            if databases.setdefault(db.database_name, db) is not db:
                db.close()
                raise ValueError(
                    f'Two databases have the name {db.database_name!r}.')
            main = main or db
    except BaseException:
        for db in databases.values():
            db.close()
        raise
    return main


def serve(config: Any) -> Any:
    """Start what a zope.conf says; return the main database."""
    sys.path[:0] = config.path
    for factory in [config.eventlog, *config.loggers]:
        if factory is not None:
            factory()
    monitor.configuration.update(
        (section.getSectionName(), section.mapping)
        for section in config.product_config)
    if config.site_definition:
        from zope.configuration import config as configuration
        from zope.configuration import xmlconfig
        context = configuration.ConfigurationMachine()
        xmlconfig.registerCommonDirectives(context)
        if config.devmode:
            context.provideFeature('devmode')
        xmlconfig.file(config.site_definition, context=context)
        main = open_databases(config)
        zope.event.notify(DatabaseOpened(main))
        return main
    configure.base()
    main = open_databases(config)
    configure.start(
        main, db_name='async' if 'async' in main.databases else None)
    monitor.start_configured(DatabaseOpened(main))
    return main
