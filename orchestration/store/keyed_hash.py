"""Keyed hashes (HMAC-SHA256, RFC 2104): of ids that leave the warehouse, and of erased ones.

In SQL the key is read from a variable of the session, so that no statement, and no error that
quotes one, holds it.
"""

from __future__ import annotations

import hashlib
import hmac

import duckdb

_BLOCK_BYTES = 64


def keyed_hash(key: str, text: str) -> str:
    """The hash of a text, 64 hexadecimal digits."""
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def set_key(connection: duckdb.DuckDBPyConnection, name: str, key: str) -> None:
    """Let `hash_sql` with this name hash with this key, in this session."""
    block = key.encode()
    if len(block) > _BLOCK_BYTES:
        block = hashlib.sha256(block).digest()
    block = block.ljust(_BLOCK_BYTES, b"\0")
    for pad, byte in (("inner", 0x36), ("outer", 0x5C)):
        padded = bytes(each ^ byte for each in block).hex()
        try:
            connection.execute(f"set variable {name}_{pad} = unhex('{padded}')")
        except duckdb.Error:
            # Its message would quote the statement.
            raise RuntimeError(f"DuckDB refused the key of {name}") from None


def hash_sql(name: str, expression: str) -> str:
    """SQL of the hash of a text expression; the same 64 digits as `keyed_hash` gives."""
    inner = f"sha256(getvariable('{name}_inner') || encode({expression}))"
    return f"sha256(getvariable('{name}_outer') || unhex({inner}))"
