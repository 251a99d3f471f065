"""The vault: files of entries, encrypted where they lie and opened for one reader at a time.

`master_keys` wraps the data key of each entry, `sealed_format` is how a file lies in the store, `store` does both and
fills the port, `endpoint` is the only door, `rotation` changes the master key.
"""
