"""A page of documentation that several commands write: each its own part, between two comment lines."""

import re
from pathlib import Path


def with_part(page: str, name: str, text: str) -> str:
    """``page`` with the part ``name`` replaced, or added at the end; a page without any parts is replaced whole."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    part = f"{begin}\n{text.strip()}\n{end}"
    if begin in page:
        return re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: part, page, count=1, flags=re.DOTALL)
    return f"{page.rstrip()}\n\n{part}\n" if "<!-- begin " in page else f"{part}\n"


def page_with(path: Path, name: str, text: str) -> bytes:
    """What to write into ``path`` so that it has this part, and keeps the others."""
    return with_part(path.read_text("utf-8") if path.is_file() else "", name, text).encode()
