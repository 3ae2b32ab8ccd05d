"""zc.async: transactional jobs in a ZODB, for many dispatchers."""
import pathlib

from setuptools import find_namespace_packages
from setuptools import setup


HERE = pathlib.Path(__file__).parent
FILES = 'https://github.com/zopefoundation/zc.zk/blob/HEAD/'


def read(name):
    return (HERE / name).read_text(encoding='utf-8')


setup(
    name='zc.async',
    version='2.0.dev0',
    description='Transactional jobs in a ZODB, done by many processes',
    long_description=read('README.rst') + '\n\n' + read('CHANGES.rst'),
    long_description_content_type='text/x-rst',
    author='Zope Foundation and Contributors',
    author_email='zope-dev@zope.dev',
    url='https://github.com/zopefoundation/zc.zk',
    project_urls={
        'Documentation': f'{FILES}docs/index.rst',
        'Changes': f'{FILES}zcasync/CHANGES.rst',
    },
    license='ZPL-2.1',
    keywords='zodb jobs queue transaction asynchronous dispatcher',
    classifiers=[
        'Development Status :: 4 - Beta',
        'Framework :: ZODB',
        'Intended Audience :: Developers',
        'Intended Audience :: System Administrators',
        'Operating System :: MacOS',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3 :: Only',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: System :: Distributed Computing',
        'Typing :: Typed',
    ],
    packages=find_namespace_packages('src'),
    package_dir={'': 'src'},
    package_data={'zc.async_': ['py.typed', '*.zcml', '*.xml'],
                  'zc.async_.tests': ['*.rst', '*.test']},
    zip_safe=False,
    python_requires='>=3.10',
    install_requires=[
        'BTrees',
        'ZODB',
        'persistent',
        'transaction',
        'zope.component',
        'zope.configuration',
        'zope.event',
        'zope.interface',
        'zope.processlifetime',
    ],
    extras_require={
        'cron': ['cronsim'],
        'monitor': ['zc.zk[monitor] >= 3.0.dev0'],
        'test': ['RelStorage', 'ZConfig', 'ZEO', 'cronsim', 'manuel',
                 'psycopg2-binary', 'zc.zk[test]', 'zope.app.appsetup',
                 'zope.testing', 'zope.testrunner'],
        'zconfig': ['ZConfig'],
        'zeo': ['ZEO'],
        # The package index holds a Python 2 zc.zk 2.1 as well.
        'zk': ['zc.zk[monitor] >= 3.0.dev0'],
        'zope': ['ZConfig', 'zdaemon', 'zope.app.appsetup'],
    },
    entry_points={
        'console_scripts': [
            'zcasync = zc.async_._commands:main',
        ],
    },
)
