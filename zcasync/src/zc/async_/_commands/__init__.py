"""The command ``zcasync``."""
