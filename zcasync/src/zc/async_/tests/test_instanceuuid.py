import os
import pickle
import subprocess
import sys
import uuid

import zope.component

from zc.async_ import instanceuuid
from zc.async_.interfaces import IUUID
from zc.async_.interfaces import UUIDInUseError
from zc.async_.tests import base


class InstanceUUID(base.ComponentCase):

    def test_lazy(self):
        """The file is made when the UUID is first needed, not at import."""
        path = os.environ[instanceuuid.key] = self.path('lazy.txt')
        subprocess.run(
            [sys.executable, '-c', 'import zc.async_.configure'], check=True)
        self.assertFalse(os.path.exists(path))
        text = str(zope.component.getUtility(IUUID))
        with open(path) as stream:
            self.assertEqual(text, stream.readline().strip())
            self.assertIn('ZC_ASYNC_UUID', stream.read())

    def test_no_file(self):
        """If the file cannot be made, the error says what to do."""
        os.environ[instanceuuid.key] = self.path('nowhere/uuid.txt')
        with self.assertRaisesRegex(
                OSError, "ZC_ASYNC_UUID names another: '.*nowhere/uuid.txt'"):
            instanceuuid.getUUID()

    def test_value(self):
        """It is a UUID like any other, and is stored as a plain one."""
        value = instanceuuid.getUUID()
        self.assertEqual(value, instanceuuid.UUID)
        self.assertEqual(hash(value), hash(instanceuuid.UUID))
        self.assertEqual({value: 1}[instanceuuid.UUID], 1)
        self.assertTrue(IUUID.providedBy(instanceuuid.UUID))
        self.assertEqual(value.is_safe, instanceuuid.UUID.is_safe)
        stored = pickle.loads(pickle.dumps(instanceuuid.UUID))
        self.assertIs(uuid.UUID, type(stored))
        self.assertEqual(value, stored)

    def test_kept(self):
        """Another process reads the same value."""
        done = subprocess.run(
            [sys.executable, '-c',
             'import zc.async_.instanceuuid as i; print(i.UUID)'],
            capture_output=True, text=True, check=True)
        self.assertEqual(str(instanceuuid.getUUID()), done.stdout.strip())

    def test_bad_file(self):
        """A file that holds something else is named."""
        os.environ[instanceuuid.key] = self.path('bad.txt')
        with open(self.path('bad.txt'), 'w') as stream:
            stream.write('nonsense\n')
        with self.assertRaisesRegex(ValueError, 'bad.txt is no UUID'):
            instanceuuid.getUUID()

    def test_race(self):
        """Of two processes that make the file, the quicker one counts."""
        first = instanceuuid.getUUID()
        self.assertEqual(first, instanceuuid._make(self.path('uuid.txt')))
        self.assertEqual(
            ['uuid.txt'], os.listdir(self.directory))

    def test_default(self):
        """Without the variable, the file is in the current directory."""
        del os.environ[instanceuuid.key]
        try:
            self.assertEqual(os.path.join(os.getcwd(), 'uuid.txt'),
                             instanceuuid.path())
        finally:
            os.environ[instanceuuid.key] = self.path('uuid.txt')

    def test_lock(self):
        """One process has the lock; it is free when that ends."""
        code = ('import sys, zc.async_.instanceuuid as i\n'
                'lock = i.lock(); print("locked", flush=True)\n'
                'sys.stdin.read()')
        process = subprocess.Popen(
            [sys.executable, '-c', code], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual(b'locked\n', process.stdout.readline())
        with self.assertRaisesRegex(
                UUIDInUseError, 'uuid.txt.  Set ZC_ASYNC_UUID'):
            instanceuuid.lock()
        process.kill()
        process.wait()
        instanceuuid.lock().close()
