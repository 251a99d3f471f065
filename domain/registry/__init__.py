"""What the likeness registry is and how anything is matched against it.

Pure: no I/O, no database; the same code runs in the API process, in the command line and inside a Ray actor.
"""
