"""The hub's entry: reads the settings file and hands JupyterHub's configuration to campus.hub."""

from campus import runtime, settings
from campus.hub import configure

configured = settings.load()
configure(get_config(), configured, runtime.read(configured))  # noqa: F821 - JupyterHub defines get_config
