"""``python -m benchmarks.pydantic_map PORT FILE``: the map of a city as FastAPI sends rows of pydantic.

The peer of ``hexes-pydantic``. FILE is the reply of ``/v1/risk/hexes``; its rows are made once and kept, as ours are,
and sent through a response model, as FastAPI's own guide does it: checked and written for every reader, not packed.
"""

import sys
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

COLUMNS = ("h3", "score", "band", "low", "high", "reliability")


class Cell(BaseModel):
    h3: str
    score: float
    band: int
    low: int
    high: int
    reliability: int


class HexMap(BaseModel):
    resolution: int
    as_of: int
    cells: list[Cell]


def rows_of(told: dict[str, Any]) -> HexMap:
    """The map as rows, of our reply."""
    rows = zip(*(told[name] for name in COLUMNS), strict=True)
    cells = [Cell(**dict(zip(COLUMNS, row, strict=True))) for row in rows]
    return HexMap(resolution=told["resolution"], as_of=told["as_of"], cells=cells)


def same_rows(theirs: bytes, ours: bytes) -> bool:
    """Whether their reply has the rows of ours."""
    told, kept = orjson.loads(ours), orjson.loads(theirs)["cells"]
    return all([cell[name] for cell in kept] == told[name] for name in COLUMNS)


def main(port: int, file: Path) -> None:
    app, kept = FastAPI(), rows_of(orjson.loads(file.read_bytes()))

    @app.get("/hexes")
    async def hexes() -> HexMap:
        return kept

    uvicorn.run(app, port=port, log_level="error")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
