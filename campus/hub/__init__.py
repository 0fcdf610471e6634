"""Settings become JupyterHub's traits: sign-in, spawners, roles, services, proxy."""

from campus.hub.configure import configure

__all__ = ["configure"]
