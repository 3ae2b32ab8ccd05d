"""zc.zkzopeserver: a zope.server runner that registers with ZooKeeper."""
import pathlib

from setuptools import find_namespace_packages
from setuptools import setup


HERE = pathlib.Path(__file__).parent
FILES = 'https://github.com/zopefoundation/zc.zk/blob/HEAD/'


def read(name):
    return (HERE / name).read_text(encoding='utf-8')


setup(
    name='zc.zkzopeserver',
    version='2.0.dev0',
    description='zope.server WSGI runner that registers with ZooKeeper',
    long_description=read('README.rst') + '\n\n' + read('CHANGES.rst'),
    long_description_content_type='text/x-rst',
    author='Zope Foundation and Contributors',
    author_email='zope-dev@zope.dev',
    url='https://github.com/zopefoundation/zc.zk',
    project_urls={
        'Documentation': f'{FILES}docs/index.rst',
        'Changes': f'{FILES}zkzopeserver/CHANGES.rst',
    },
    license='ZPL-2.1',
    keywords='zookeeper wsgi paste zope.server service registration',
    classifiers=[
        'Development Status :: 4 - Beta',
        'Framework :: Paste',
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
        'Topic :: Internet :: WWW/HTTP :: WSGI :: Server',
        'Typing :: Typed',
    ],
    packages=find_namespace_packages('src'),
    package_dir={'': 'src'},
    package_data={'zc.zkzopeserver': ['py.typed']},
    zip_safe=False,
    python_requires='>=3.10',
    install_requires=[
        'PasteDeploy',
        # llhttp, for requests.  Before 9, it was less strict.
        'httptools >= 0.6.4',
        # The package index holds a Python 2 zc.zk 2.1 as well.
        'zc.zk[netifaces] >= 3.0.dev0',
        'zope.server',
        # zope.server needs asyncore, which Python 3.12 dropped.
        'pyasyncore; python_version >= "3.12"',
    ],
    extras_require={
        'test': ['ZConfig', 'waitress', 'zc.zk[test]', 'zope.testrunner'],
        'waitress': ['waitress'],
        'zconfig': ['ZConfig'],
        'zservertracelog': ['zc.zservertracelog'],
    },
    entry_points={
        'paste.server_runner': [
            'main = zc.zkzopeserver:run',
            'waitress = zc.zkzopeserver:run_waitress',
        ],
        'console_scripts': [
            'zkserve = zc.zkzopeserver.serve:main',
        ],
    },
)
