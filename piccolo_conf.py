"""Where Piccolo looks for its engine and its apps; both come from the composition root."""

from countenance.database import APP_REGISTRY, DB

__all__ = ["APP_REGISTRY", "DB"]
