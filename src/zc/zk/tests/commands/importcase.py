"""What the tests of the script import share."""
from __future__ import annotations

from zc.zk import scripts
from zc.zk.tests.scripted import ScriptCase


FOO = '''\
/fooservice
  database = '/databases/foomain'
  favorite_color = 'red'
  threads = 1
  /providers
'''


class ImportCase(ScriptCase):

    def load(self, text, *args, **keywords):
        return self.run_script(
            scripts.import_, *args, stdin=text, **keywords)
