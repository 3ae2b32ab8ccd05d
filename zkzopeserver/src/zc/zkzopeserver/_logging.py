"""The option `loggers`: the name of a level, or loggers in ZConfig's format.

Runs in its caller's thread.  Knows no engine, no socket and no ZooKeeper.
"""
from __future__ import annotations

import io
import logging
from typing import Any

from ._options.table import OptionError
from ._options.table import Options


_LEVELS = ('CRITICAL', 'ERROR', 'WARNING', 'INFO', 'DEBUG')

_FORMAT = '%(asctime)s %(levelname)s %(name)s %(message)s'

_SCHEMA = """
<schema>
  <import package="ZConfig.components.logger"/>
  <section type="eventlog" name="*" attribute="eventlog"/>
  <multisection type="logger" name="*" attribute="loggers"/>
</schema>
"""

# What has been configured.  ZConfig adds handlers and never removes one: a
# second server in the process would write each line twice.
_configured: set[str] = set()


def check(options: Options) -> None:
    """Refuse an option `loggers` that cannot be used.

    :raises OptionError: naming the option
    """
    if options.loggers is not None and not _is_level(options.loggers):
        _load(options, _text(options.loggers))


def configure(options: Options) -> None:
    """Configure logging as the option `loggers` says, once.

    :raises OptionError: when a log file cannot be opened
    """
    loggers = options.loggers
    if loggers is None or loggers in _configured:
        return
    if _is_level(loggers):
        root = logging.getLogger()
        # Some runners leave a handler on the root logger.  Then basicConfig
        # does nothing, so the level is set here.
        root.setLevel(loggers.upper())
        if not root.handlers:
            logging.basicConfig(format=_FORMAT)
    else:
        config = _load(options, _text(loggers))
        try:
            if config.eventlog is not None:
                config.eventlog()
            for factory in config.loggers:
                factory()
        except OSError as e:
            raise options.error('loggers', e) from e
    _configured.add(loggers)


def _is_level(loggers: str) -> bool:
    return loggers.upper() in _LEVELS


def _text(loggers: str) -> str:
    """Return ZConfig text, with % for $$.

    PasteDeploy has replaced ``%%`` already, and leaves ``$$`` alone.
    """
    return loggers.replace('$$', '%')


def _load(options: Options, text: str) -> Any:
    if '<' not in text:
        raise options.error(
            'loggers', f'{text!r} is neither one of {", ".join(_LEVELS)} '
            'nor ZConfig text')
    try:
        import ZConfig
    except ModuleNotFoundError as e:
        raise options.error(
            'loggers', 'ZConfig is not installed: '
            'pip install "zc.zkzopeserver[zconfig]"') from e
    schema = ZConfig.loadSchemaFile(io.StringIO(_SCHEMA))
    try:
        config, _ = ZConfig.loadConfigFile(schema, io.StringIO(text))
    except ZConfig.ConfigurationError as e:
        raise _unusable(options, e) from e
    return config


def _unusable(options: Options, error: Exception) -> OptionError:
    return options.error('loggers', str(error).replace('\n', ' '))
