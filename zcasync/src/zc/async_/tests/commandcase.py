"""What the tests of zcasync share."""
import contextlib
import io
import json
import textwrap

import transaction

from zc.async_._commands import main
from zc.async_.interfaces import KEY
from zc.async_.job import Job
from zc.async_.tests import base
from zc.async_.tests import sample


class CommandCase(base.QueueCase):

    def run_command(self, *words, database='data.fs'):
        """Run a command; return its status and what it printed."""
        transaction.commit()
        # A file storage is open once.
        self.connection.close()
        self.db.close()
        out, err = io.StringIO(), io.StringIO()
        try:
            with contextlib.redirect_stdout(out), \
                    contextlib.redirect_stderr(err):
                status = main(['-d', self.path(database), *words]
                              if database else [*words])
        finally:
            self.db = self.open_database()
            self.connection = self.db.open()
            self.root = self.connection.root()
            self.queue = self.root[KEY]['']
        return status, out.getvalue() + err.getvalue()

    def write(self, name, text):
        """Write a file; return its path."""
        with open(self.path(name), 'w') as stream:
            stream.write(textwrap.dedent(text).format(
                directory=self.directory))
        return self.path(name)

    def json(self, *words, **options):
        status, text = self.run_command('--json', *words, **options)
        self.assertEqual(0, status, text)
        return json.loads(text)

    def dead(self):
        job = self.queue.put(sample.fail)
        transaction.commit()
        self.queue.remove(job)
        transaction.commit()
        with self.assertLogs('zc.async.events'):
            job()
        self.queue.ended(job)
        job.parent = self.queue.dead
        transaction.commit()
        return int.from_bytes(job._p_oid, 'big')

    def waiting(self, **options):
        job = self.put(Job(sample.note, 'x'), **options)
        return int.from_bytes(job._p_oid, 'big')
