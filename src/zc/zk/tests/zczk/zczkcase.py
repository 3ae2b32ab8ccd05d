"""Runs ``zczk`` in this process, on a server of the test's own."""
from __future__ import annotations

from typing import Any

from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_digest_acl

from zc.zk import _zczk
from zc.zk.tests.scripted import ScriptCase
from zc.zk.tests.scripted import ScriptMixin


#: A program that is ``zczk``, and takes Ctrl-C whatever started the tests:
#: what runs in the background of a shell ignores it.
AS_IN_A_TERMINAL = '''\
import signal
from zc.zk import _zczk
signal.signal(signal.SIGINT, signal.default_int_handler)
_zczk.main()
'''


class WordsCase(ScriptMixin):
    """Needs no server."""

    def zczk(self, *words: str, **keywords: Any) -> tuple[int, str, str]:
        """Return the exit status, the output and the errors."""
        return self.run_script(_zczk.main, *words, **keywords)


class ZczkCase(WordsCase, ScriptCase):
    """The words come after the option that says where the server is."""

    tree = ''

    def zczk(self, *words: str, **keywords: Any) -> tuple[int, str, str]:
        return super().zczk('-z', self.connection_string, *words, **keywords)

    def lines(self, *words: str, status: int = 0) -> list[str]:
        """Return what is printed; it must be all."""
        found, out, error = self.zczk(*words)
        self.assertEqual((status, ''), (found, error))
        return out.splitlines()

    def make(self, text: str) -> None:
        """Make the nodes that a text describes."""
        self.zk().import_tree(text)

    def forbid(self, path: str) -> None:
        """Let nobody read a node whom the test does not know."""
        zk = self.zk()
        zk.client.add_auth('digest', 'some:one')
        zk.client.set_acls(
            path, [make_digest_acl('some', 'one', all=True)])
        # On a real server, others clean up.
        self.addCleanup(zk.client.set_acls, path, OPEN_ACL_UNSAFE)
