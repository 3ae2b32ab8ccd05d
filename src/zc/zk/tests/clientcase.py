"""What the tests of the client and of its nodes share."""
import contextlib
import io

from kazoo.security import make_acl
from kazoo.security import make_digest_acl

from zc.zk.tests.base import ZooKeeperCase


TREE = """
/service : web
  threads = 3
  /providers
/lb
  providers -> /service/providers
"""
BAD_PATHS = (
    ('', "bad path '': it is empty"),
    ('a', "bad path 'a': it must start with '/'"),
    ('/a/../..', "bad path '/a/../..': it leads above the root"),
    ('/a\0/', "bad path '/a\\x00': character '\\x00' is not allowed"),
    (None, 'bad path None: a str is needed, not NoneType'),
)


class Case(ZooKeeperCase):

    tree = TREE

    def setUp(self):
        super().setUp()
        self.client = self.zk()

    def fails(self, error, message, function, *args, **keywords):
        with self.assertRaises(error) as caught:
            function(*args, **keywords)
        self.assertEqual(message, str(caught.exception))
        return caught.exception

    def printed(self, function, *args, **keywords):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            function(*args, **keywords)
        return output.getvalue()

    def hide(self, path, **permissions):
        """Leave only some permissions on a node, none by default."""
        acl = (make_acl('world', 'anyone', **permissions) if permissions
               else make_digest_acl('someone', 'else', all=True))
        self.client.client.set_acls(path, [acl])
