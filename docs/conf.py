"""The documentation as a site: ``make docs`` builds it into build/docs."""
import importlib.metadata
import pathlib
import sys


HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE / 'extensions'))

project = 'zc.zk'
author = 'Zope Foundation and Contributors'
copyright = author
version = release = importlib.metadata.version('zc.zk')

extensions = [
    'sphinx.ext.autodoc',
    # Ours, in the directory ``extensions``.
    'checked',
    'help',
    'interfaces',
    'links',
    'names',
    'rest',
    'sequence',
]
root_doc = 'index'
exclude_patterns = ['extensions']
# Trees, shells and Python stand in literal blocks without a language.
highlight_language = 'default'
# "--" in a command line is two hyphens.
smartquotes = False
# Docstrings name arguments in single backquotes.
default_role = 'literal'

nitpicky = True

autodoc_member_order = 'groupwise'
autodoc_typehints = 'signature'
autodoc_typehints_format = 'short'
autodoc_default_options = {
    'members': True,
    'undoc-members': True,
    'show-inheritance': True,
}
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 72

html_theme = 'furo'
html_title = f'zc.zk {release}'
html_static_path = ['extensions/site.css']
html_css_files = ['site.css']
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    'source_repository': 'https://github.com/zopefoundation/zc.zk',
    'source_branch': 'main',
    'source_directory': 'docs/',
}
