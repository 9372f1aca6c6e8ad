"""Names of administrative units: English ones made from Vietnamese ones, and names compared as people read them."""

import re
import unicodedata

_TONES = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
"""Combining grave, acute, tilde, hook and dot below: the tones; other marks make other letters."""
KINDS: dict[str, tuple[str, str | None]] = {
    "thành phố trung ương": ("City", "province"),
    "thành phố trực thuộc trung ương": ("City", "province"),
    "thành phố": ("City", None),
    "tỉnh": ("Province", "province"),
    "quận": ("District", "district"),
    "huyện": ("District", "district"),
    "thị xã": ("Town", "district"),
    "phường": ("Ward", "commune"),
    "xã": ("Commune", "commune"),
    "thị trấn": ("Township", "commune"),
    "đặc khu": ("Special Zone", "commune"),
}
"""What a unit calls itself: in English, and the tier where it says so (a thành phố may be a province or a district)."""
_PREFIX = re.compile(rf"^({'|'.join(sorted(KINDS, key=len, reverse=True))})\s+(?=\S)", re.IGNORECASE)


def plain(text: str) -> str:
    """Letters without diacritics, đ as d."""
    apart = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    return unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c)))


def folded(name: str) -> str:
    """A name as it is compared: without case, with single blanks, and with the tone at the end of its syllable.

    So "Hòa Bình" and "Hoà Bình" are one name, and "Tân Phú" and "Tân Phủ" are two.
    """
    return " ".join(_syllable(part) for part in unicodedata.normalize("NFD", name.casefold()).split())


def _syllable(letters: str) -> str:
    tones = "".join(c for c in letters if c in _TONES)
    return "".join(c for c in letters if c not in _TONES) + tones


def split(name: str) -> tuple[str | None, str]:
    """(what the unit calls itself in small letters or None, the rest of the name)."""
    text = unicodedata.normalize("NFC", " ".join(name.split()))
    found = _PREFIX.match(text)
    return (found[1].lower(), text[found.end() :]) if found else (None, text)


def tier_of(name: str | None, kind: str | None) -> str | None:
    """The tier that the kind of a unit, or the first word of its name, tells; None where it does not."""
    word = unicodedata.normalize("NFC", kind).strip().lower() if kind else split(name or "")[0]
    return KINDS[word][1] if word in KINDS else None


def english(name: str, kind: str | None = None) -> str:
    """An English name: diacritics off, and the kind in English behind ("Ba Dinh District", "District 1", "Ward 12").

    A name of no known kind is only written without diacritics.
    """
    word, rest = split(name)
    word = word or (unicodedata.normalize("NFC", kind).strip().lower() if kind else None)
    if word not in KINDS:
        return plain(rest)
    title = KINDS[word][0]
    return f"{title} {rest}" if rest.isdigit() else f"{plain(rest)} {title}"
