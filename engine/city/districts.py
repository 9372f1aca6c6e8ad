"""The 22 district-level units of Ho Chi Minh City in July 2021, as facts: codes, names, centres, sizes.

Codes are those of the General Statistics Office (769: Thu Duc City, since January 2021). Centres are rounded
to about 100 m, populations to thousands (2019 census, from memory). Boundaries are approximated by the
Voronoi cells of the centres: good enough for a sample, wrong for real reporting.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
METRES_PER_DEGREE = 111_195.0


@dataclass(frozen=True)
class District:
    """One unit: official code, names, centre (degrees), people, area (square km)."""

    code: str
    vi: str
    en: str
    lat: float
    lng: float
    population: int
    area_km2: float


DISTRICTS: tuple[District, ...] = (
    District("760", "Quận 1", "District 1", 10.776, 106.697, 143_000, 7.7),
    District("761", "Quận 12", "District 12", 10.865, 106.657, 620_000, 52.7),
    District("764", "Quận Gò Vấp", "Go Vap District", 10.838, 106.667, 677_000, 19.7),
    District("765", "Quận Bình Thạnh", "Binh Thanh District", 10.812, 106.716, 499_000, 20.8),
    District("766", "Quận Tân Bình", "Tan Binh District", 10.809, 106.652, 475_000, 22.4),
    District("767", "Quận Tân Phú", "Tan Phu District", 10.793, 106.627, 485_000, 16.0),
    District("768", "Quận Phú Nhuận", "Phu Nhuan District", 10.800, 106.678, 164_000, 4.9),
    District("769", "Thành phố Thủ Đức", "Thu Duc City", 10.820, 106.789, 1_170_000, 211.6),
    District("770", "Quận 3", "District 3", 10.782, 106.683, 190_000, 4.9),
    District("771", "Quận 10", "District 10", 10.773, 106.668, 235_000, 5.7),
    District("772", "Quận 11", "District 11", 10.764, 106.648, 210_000, 5.1),
    District("773", "Quận 4", "District 4", 10.758, 106.705, 175_000, 4.2),
    District("774", "Quận 5", "District 5", 10.755, 106.669, 159_000, 4.3),
    District("775", "Quận 6", "District 6", 10.746, 106.635, 234_000, 7.2),
    District("776", "Quận 8", "District 8", 10.726, 106.642, 425_000, 19.2),
    District("777", "Quận Bình Tân", "Binh Tan District", 10.765, 106.597, 784_000, 52.0),
    District("778", "Quận 7", "District 7", 10.736, 106.730, 360_000, 35.7),
    District("783", "Huyện Củ Chi", "Cu Chi District", 11.010, 106.511, 462_000, 434.8),
    District("784", "Huyện Hóc Môn", "Hoc Mon District", 10.886, 106.591, 542_000, 109.2),
    District("785", "Huyện Bình Chánh", "Binh Chanh District", 10.733, 106.576, 706_000, 252.6),
    District("786", "Huyện Nhà Bè", "Nha Be District", 10.654, 106.730, 207_000, 100.4),
    District("787", "Huyện Cần Giờ", "Can Gio District", 10.522, 106.861, 72_000, 704.5),
)
LAT = np.array([d.lat for d in DISTRICTS])
LNG = np.array([d.lng for d in DISTRICTS])
_SHARE = np.cumsum([d.population for d in DISTRICTS]) / sum(d.population for d in DISTRICTS)
_SPREAD_M = np.array([min(4_000.0, 500.0 * (d.area_km2 / np.pi) ** 0.5) for d in DISTRICTS])
_SHRINK = 0.7


def district_at(quantile: Floats) -> Ints:
    """Index of the district at each quantile (0..1) of the city's people, districts in order of code."""
    found = np.searchsorted(_SHARE, quantile, side="right")
    index: Ints = np.minimum(found, len(DISTRICTS) - 1)
    return index


def nearest(lat: Floats, lng: Floats, scale: float = 1.0) -> Ints:
    """Index of the district whose centre is nearest, longitudes multiplied by ``scale``; shape (n,)."""
    d2 = (lat[:, None] - LAT) ** 2 + ((lng[:, None] - LNG) * scale) ** 2
    index: Ints = np.argmin(d2, axis=1)
    return index


def settle(lat: Floats, lng: Floats, district: Ints) -> tuple[Floats, Floats]:
    """Pull points towards their district's centre until they lie in its Voronoi cell.

    The cell is taken both in plain degrees and in metres, so that either reading of "Voronoi" holds.
    Cells are convex and hold their centre, so the loop ends.
    """
    lat, lng = lat.copy(), lng.copy()
    scale = float(np.cos(np.radians(LAT.mean())))
    todo = np.arange(len(lat))
    while len(todo):
        d = district[todo]
        outside = (nearest(lat[todo], lng[todo]) != d) | (nearest(lat[todo], lng[todo], scale) != d)
        todo = todo[outside]
        lat[todo] = LAT[district[todo]] + (lat[todo] - LAT[district[todo]]) * _SHRINK
        lng[todo] = LNG[district[todo]] + (lng[todo] - LNG[district[todo]]) * _SHRINK
    return lat, lng


def scatter(rng: np.random.Generator, district: Ints) -> tuple[Floats, Floats]:
    """A random point for each district index, denser towards the centre; (lat, lng) in degrees, (n,)."""
    step = rng.normal(size=(2, len(district))) * _SPREAD_M[district] / METRES_PER_DEGREE
    return settle(LAT[district] + step[0], LNG[district] + step[1], district)
