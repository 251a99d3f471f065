"""The files of entries: whom they open for, what is kept of them, and what becomes of them."""
