"""The section of the ini file to options.

Pure, but for the file that PasteDeploy read, which is read again for what
PasteDeploy hides.  Knows no engine, no socket and no ZooKeeper.
"""
from __future__ import annotations

import configparser
import difflib
import os
from collections.abc import Mapping
from typing import Any

from .table import OPTIONS
from .table import OptionError
from .table import Options


def read(
    settings: Mapping[str, Any],
    global_conf: Mapping[str, Any] | None = None,
) -> Options:
    """Return the options of a server section.

    An option given on the command line (``name=value``) comes before the
    section, and the section before ``[DEFAULT]``.

    :param settings: what PasteDeploy hands over from the section
    :param global_conf: the values of ``[DEFAULT]`` and the command line
    :raises OptionError: when an option is unknown, missing or wrong
    """
    global_conf = global_conf or {}
    name, section, defaults = _find_section(settings, global_conf)
    for option in settings:
        if option not in OPTIONS:
            raise OptionError(name, option, _unknown(option))
    found: dict[str, Any] = {}
    for option, field in OPTIONS.items():
        if option in settings:
            value = settings[option]
        elif option in global_conf:
            value = global_conf[option]
            # PasteDeploy drops an option from the section when [DEFAULT]
            # has it too, even when the section says something else.
            if option in section and value == defaults.get(option):
                value = section[option]
        else:
            continue
        if value is None:
            continue
        try:
            found[option] = field.metadata['parse'](str(value))
        except ValueError as e:
            raise OptionError(name, option, str(e)) from None
    options = Options(section=name, **found)
    _check(options)
    return options


def _unknown(option: str) -> str:
    close = difflib.get_close_matches(option, OPTIONS, 1)
    hint = f'; is {close[0]} meant?' if close else ''
    return f'there is no such option{hint}'


def _check(options: Options) -> None:
    """Complain of what is missing or does not fit together."""
    if not options.path:
        raise options.error('path', 'it is required')
    if (options.zookeeper is None
            and not os.environ.get('ZC_ZK_CONNECTION_STRING')):
        raise options.error(
            'zookeeper', 'it is required, here or as ZC_ZK_CONNECTION_STRING '
            'in the environment')
    if options.zookeeper_tls_key and not options.zookeeper_tls_cert:
        raise options.error(
            'zookeeper_tls_key', 'it needs zookeeper_tls_cert too')
    if options.zookeeper_tls_any_host and not (
            options.zookeeper_tls_ca or options.zookeeper_tls_cert):
        raise options.error(
            'zookeeper_tls_any_host', 'it needs zookeeper_tls_ca or '
            'zookeeper_tls_cert: without both, there is no TLS')


def _find_section(
    settings: Mapping[str, Any], global_conf: Mapping[str, Any]
) -> tuple[str, dict[str, str], dict[str, str]]:
    """Return the section's name, its own values, and those of [DEFAULT].

    PasteDeploy tells a runner neither; they are found by looking for the
    section that uses this distribution and holds the same options.
    """
    path = global_conf.get('__file__')
    unknown: tuple[str, dict[str, str], dict[str, str]]
    unknown = 'zc.zkzopeserver', {}, {}
    if not path:
        return unknown
    # With another default section, [DEFAULT] is read like any section.
    raw = configparser.RawConfigParser(
        default_section='\0', strict=False, inline_comment_prefixes=(' ;',))
    raw.optionxform = str           # type: ignore[assignment, method-assign]
    try:
        with open(path, encoding='utf-8') as stream:
            raw.read_file(stream)
    except (OSError, UnicodeDecodeError, configparser.Error):
        return f'{os.path.basename(path)}', {}, {}
    candidates = [
        section for section in raw.sections()
        if section.partition(':')[0] == 'server'
        and 'zkzopeserver' in raw.get(section, 'use', fallback='')
        and all(name in raw[section] for name in settings)
    ]
    file = os.path.basename(path)
    if not candidates:
        return file, {}, {}
    values = {name: _interpolated(path, name, list(raw[name]), global_conf)
              for name in candidates}
    section = max(candidates, key=lambda name: (
        sum(values[name].get(k) == settings[k] for k in settings),
        name == 'server:main'))
    own = values[section]
    defaults = (_interpolated(path, 'DEFAULT', list(raw['DEFAULT']),
                              global_conf)
                if raw.has_section('DEFAULT') else {})
    return f'{file} [{section}]', own, defaults


def _interpolated(
    path: str,
    section: str,
    names: list[str],
    global_conf: Mapping[str, Any],
) -> dict[str, str]:
    """Return values of a section with PasteDeploy's %(name)s filled in."""
    parser = configparser.ConfigParser(
        defaults={**{name: str(value) for name, value in global_conf.items()},
                  'here': os.path.dirname(os.path.abspath(path)),
                  '__file__': os.path.abspath(path)},
        strict=False, inline_comment_prefixes=(' ;',))
    parser.optionxform = str        # type: ignore[assignment, method-assign]
    with open(path, encoding='utf-8') as stream:
        parser.read_file(stream)
    found = {}
    for name in names:
        try:
            found[name] = parser.get(section, name)
        except configparser.Error:
            continue            # PasteDeploy has complained, or did not ask
    return found
