"""Opaque outside keys <-> dense int32 codes.

Codes depend on the order of arrival, so no answer may depend on a code: ties are broken by key.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Codes = npt.NDArray[np.int32]
MANY = 2_000
"""From this many distinct keys on, look-ups go through Arrow."""


class Keys:
    """One namespace of keys (people, or places). Codes are 0, 1, 2, ... and never reused."""

    def __init__(self) -> None:
        self._code: dict[str, int] = {}
        self._keys: list[str] = []
        self._column = pa.array([], pa.string())
        """The first keys as an Arrow column, for look-ups of many at once."""

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: str) -> int:
        """The code of ``key``, made if new."""
        code = self._code.get(key)
        if code is None:
            code = self._code[key] = len(self._keys)
            self._keys.append(key)
        return code

    def find(self, key: str) -> int | None:
        """The code of ``key``, or None if it was never seen."""
        return self._code.get(key)

    def key(self, code: int) -> str:
        """The key behind ``code``."""
        return self._keys[code]

    def keys(self, codes: Iterable[int]) -> list[str]:
        """The keys behind ``codes``, in the same order."""
        table = self._keys
        return [table[c] for c in codes]

    def encode(self, column: pa.Array | pa.ChunkedArray) -> Codes:
        """Codes of a string column without nulls, shape (rows,); new keys are added.

        Cost: one hash look-up per *distinct* key of the batch, in Arrow when they are many.
        """
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        codes = self._encode_distinct(column.dictionary)
        if len(codes) == 0:
            return codes
        return np.asarray(codes[column.indices.to_numpy(zero_copy_only=False)], np.int32)

    def _encode_distinct(self, distinct: pa.Array) -> Codes:
        add = self.add
        if len(distinct) < MANY or len(distinct) * 16 < len(self):
            keys = distinct.to_pylist()
            known = list(map(self._code.get, keys))  # without a call of ours for each key
            if None in known:
                known = [add(k) for k in keys]
            return np.array(known, np.int32)
        if len(self._column) * 2 < len(self) or len(self) - len(self._column) > MANY:
            self._column = pa.array(self._keys, pa.string())
        found = pc.index_in(distinct.cast(pa.string()), value_set=self._column)
        codes = np.array(found.fill_null(-1).to_numpy(), np.int32)
        new = np.flatnonzero(codes < 0)
        codes[new] = [add(k) for k in distinct.take(pa.array(new)).to_pylist()]
        return codes

    def column(self) -> pa.Array:
        """Every key in the order of its code, as an Arrow string column."""
        return pa.array(self._keys, pa.string())

    @classmethod
    def of(cls, column: pa.Array) -> "Keys":
        """The namespace whose :meth:`column` this is. Cost: one entry of a dict a key."""
        keys = cls()
        keys._keys = column.to_pylist()
        keys._code = {key: code for code, key in enumerate(keys._keys)}
        return keys

    def ranks(self, codes: Codes) -> npt.NDArray[np.int64]:
        """Rank of each code among ``codes`` by key order (equal codes share no rank guarantee)."""
        keys = self.keys(codes.tolist())
        if len(keys) < MANY:
            order: Any = sorted(range(len(keys)), key=keys.__getitem__)
        else:  # UTF-8 sorts as code points do
            order = pc.sort_indices(pa.array(keys, pa.string())).to_numpy()
        ranks = np.empty(len(codes), np.int64)
        ranks[order] = np.arange(len(codes))
        return ranks
