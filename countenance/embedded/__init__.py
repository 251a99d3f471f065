"""Postgres, Valkey, a blob folder and a local Ray for one machine, in one folder, without root rights or downloads."""
