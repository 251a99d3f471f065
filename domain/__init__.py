"""The domain: what Countenance decides, one package per context. Nothing is imported here on purpose."""
