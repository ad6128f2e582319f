"""The SQLite file: the only room that knows SQL.

`connect` opens it, `schema` migrates it, and one file per noun reads and writes it: `mentions`, `cases`, `events`,
`replies`, `sources`, `search`, `metrics`. Reads go through the connection; sqlite-utils serves schema and migrations.
"""

from carecli.store.connect import Store, open_store

__all__ = ["Store", "open_store"]
