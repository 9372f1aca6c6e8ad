"""English names, tiers and comparison of Vietnamese names."""

import pytest

from engine.geo.unit_names import english, folded, plain, split, tier_of


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("Thành phố Hà Nội", None, "Ha Noi City"),
        ("Tỉnh Bà Rịa - Vũng Tàu", None, "Ba Ria - Vung Tau Province"),
        ("Quận 1", None, "District 1"),
        ("Quận Gò Vấp", "Quận", "Go Vap District"),
        ("Đông Anh", "Huyện", "Dong Anh District"),
        ("Thị xã Sơn Tây", None, "Son Tay Town"),
        ("Phường 12", None, "Ward 12"),
        ("Phường Trường Thọ", None, "Truong Tho Ward"),
        ("xã Tân Phú", None, "Tan Phu Commune"),
        ("Thị trấn  Củ Chi", None, "Cu Chi Township"),
        ("Huyện đảo Lý Sơn", None, "dao Ly Son District"),
        ("Đắk Lắk", None, "Dak Lak"),
        ("Riverside", "Suburb", "Riverside"),
    ],
)
def test_english_names(name, kind, expected):
    assert english(name, kind) == expected


def test_the_tone_may_stand_on_either_vowel():
    assert folded("Hòa  Bình") == folded("hoà bình")
    assert folded("Tân Phú") != folded("Tân Phủ")
    assert folded("Sơn") != folded("Son")
    assert folded("Thuỷ") == folded("Thủy")


def test_the_kind_comes_off_the_name():
    assert split("Thành phố Thủ Đức") == ("thành phố", "Thủ Đức")
    assert split("Xã") == (None, "Xã")
    assert split("Quảng Ninh") == (None, "Quảng Ninh")


def test_a_kind_tells_the_tier_where_it_can():
    assert [tier_of(n, None) for n in ("Tỉnh A", "Quận 1", "Phường 1", "Thành phố A", "A")] == [
        "province", "district", "commune", None, None,
    ]  # fmt: skip
    assert tier_of("Hà Nội", "Thành phố Trung ương") == "province"
    assert tier_of("Kon", "Village") is None
    assert plain("Đồng Đăng") == "Dong Dang"
