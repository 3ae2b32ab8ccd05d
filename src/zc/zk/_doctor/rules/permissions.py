"""Who may register, by the ACL of a service's node.

Pure.
"""
from __future__ import annotations

from collections.abc import Collection
from collections.abc import Sequence

from kazoo.security import ACL
from kazoo.security import Permissions

from .finding import Findings
from .finding import clipped


#: Identities: a scheme and an id.
Identity = tuple[str, str]
ANYONE = ('world', 'anyone')


def judge_acl(
    findings: Findings,
    path: str,
    acl: Sequence[ACL],
    identities: Collection[Identity],
    schemes: Collection[str],
) -> None:
    """Judge the ACL of a service's node.

    :param identities: as which we are authenticated
    :param schemes: those of which all our identities are known; whether we
        are someone of another scheme cannot be told
    """
    for bit, what, rule in (
            (Permissions.CREATE, 'register', 'forbids-registering'),
            (Permissions.READ, 'find the servers', 'forbids-reading')):
        allowed = [(each.id.scheme, each.id.id) for each in acl
                   if each.perms & bit]
        if ANYONE in allowed:
            continue
        if not allowed:
            findings.error(
                rule, path, f'its ACL lets nobody {what}',
                'change the ACL (kazoo: set_acls)')
        elif not any(each in identities or each[0] not in schemes
                     for each in allowed):
            names = ', '.join(
                f'{scheme} {_user(scheme, id_)}' for scheme, id_ in allowed)
            findings.warning(
                rule, path, f'its ACL lets only {clipped(names)} {what}',
                'have servers and clients authenticate so (the doctor: '
                '--auth), or change the ACL')


def judge_hidden(findings: Findings, path: str) -> None:
    """Tell of a node that may not be read."""
    findings.warning(
        'forbids-reading', path,
        'its ACL does not let us read it, nor what is below it',
        'authenticate as someone who may (the doctor: --auth), or change the '
        'ACL')


def _user(scheme: str, id_: str) -> str:
    """Return an id without what could be taken for a secret."""
    return id_.partition(':')[0] if scheme == 'digest' else id_
