"""What ``--help`` says, in the reader's language: one table. The language is chosen before commands are declared."""

import os
import sys

from engine.texts import Lang, lang_of

HELP: dict[str, tuple[str, str]] = {
    "app": (
        "truyvet: ai đã phơi nhiễm, qua ai, chắc đến đâu.\n\nBắt đầu: `truyvet demo` tạo thành phố mẫu và in F1, F2 của một ca. "
        "Sau đó: `truyvet trace CA`.",
        "truyvet: who was exposed, through whom, how surely.\n\nStart with `truyvet demo`: it makes a sample city and "
        "prints the F1 and F2 of a case. Then: `truyvet trace CASE`.",
    ),
    "city": (
        "Tạo thành phố mẫu theo hạt giống: sự kiện và sự thật.\n\nVí dụ: `truyvet city --people 20000 --out var/big`",
        "Make a seeded sample city: events, and the truth beside them.\n\nExample: "
        "`truyvet city --people 20000 --days 14 --seed 7 --out var/big`",
    ),
    "ingest": (
        "Nạp tệp hoặc thư mục sự kiện (CSV, NDJSON, JSON, Parquet, Arrow; - là đầu vào chuẩn).\n\nDòng sai bị từ chối "
        "riêng, kèm lý do; dòng đúng được giữ. Ví dụ: `truyvet ingest var/city --data var/data`; `zcat fixes.ndjson.gz | "
        "truyvet ingest - --kind location --data var/data`",
        "Take in files or folders of events (CSV, NDJSON, JSON, Parquet, Arrow; - is standard input).\n\nBad rows are "
        "refused alone, with a reason; good rows are kept. Examples: `truyvet ingest var/city --data var/data`; "
        "`zcat fixes.ndjson.gz | truyvet ingest - --kind location --data var/data`",
    ),
    "trace": (
        "Ai đã phơi nhiễm từ một ca: F1, F2, ...\n\nVí dụ: `truyvet trace P0000063 --depth 3 --policy vn-2021-12`; "
        "`truyvet trace P0000063 --format xlsx --out f1.xlsx`",
        "Who a case may have exposed: F1, F2, ...\n\nExamples: `truyvet trace P0000063 --depth 3 --policy vn-2021-12`; "
        "`truyvet trace P0000063 --format xlsx --out f1.xlsx`",
    ),
    "sources": (
        "Ai có thể đã lây cho một ca (truy ngược).\n\nVí dụ: `truyvet sources P0000063 --depth 2`",
        "Who may have infected a case (backward tracing).\n\nExample: `truyvet sources P0000063 --depth 2`",
    ),
    "chain": (
        "Vì sao một người là F1, F2, ...: chuỗi từ ca bệnh, kèm tiếp xúc.\n\nVí dụ: `truyvet chain P0000973 --case P0000063 --png chain.png`",
        "Why a person is F1, F2, ...: the chains from cases, with their contacts.\n\nExample: "
        "`truyvet chain P0000973 --case P0000063 --png chain.png`",
    ),
    "clusters": (
        "Địa điểm mà từ hai F0 trở lên cùng có mặt.\n\nVí dụ: `truyvet clusters --limit 20`",
        "Places where two or more F0 were infectious or infected together.\n\nExample: `truyvet clusters --limit 20`",
    ),
    "cases": (
        "Danh sách F0 và khoảng lây.\n\nVí dụ: `truyvet cases --from data/samples/tiny`",
        "The F0s and their infectious windows.\n\nExample: `truyvet cases --from data/samples/tiny`",
    ),
    "risk": (
        "Bản đồ lục giác H3: nơi người lây nhiễm đã ở.\n\nVí dụ: `truyvet risk --resolution 9 --png risk.png`",
        "The H3 hex map: where infectious people were.\n\nExample: "
        "`truyvet risk --resolution 9 --png risk.png --geojson risk.geojson`",
    ),
    "serve": (
        "Chạy API HTTP. Mã truy cập đầu tiên được ghi vào tokens.json của thư mục dữ liệu.\n\nVí dụ: `truyvet serve --port 9000 --data var/data`",
        "Serve the HTTP API. The first tokens are written to tokens.json in the data folder.\n\nExample: "
        "`truyvet serve --port 9000 --data var/data`",
    ),
    "demo": (
        "Tất cả trong một lệnh: tạo thành phố mẫu, nạp, in F1/F2 của một ca, vẽ bản đồ.\n\nVí dụ: `truyvet demo --serve`",
        "All in one: make the sample city, take it in, print the F1/F2 of a case, draw the map.\n\nExample: "
        "`truyvet demo --serve`",
    ),
    "evaluate": (
        "So câu trả lời với sự thật của thành phố mẫu.\n\nVí dụ: `truyvet evaluate var/city --markdown docs/accuracy.md`",
        "Compare the answers with the truth of a sample city.\n\nExample: "
        "`truyvet evaluate var/city --markdown docs/accuracy.md`",
    ),
    "policies": ("Các định nghĩa tiếp xúc, có ngày và nguồn.", "The contact policies, with dates and sources."),
    "params": ("Mọi con số khoa học, với đơn vị và nguồn.", "Every number of science, with unit and source."),
    "lang": (
        "Ngôn ngữ: vi hoặc en (hoặc TRUYVET_LANG); đứng đâu cũng được.",
        "Language: vi or en (or TRUYVET_LANG); may stand anywhere.",
    ),
    "data": (
        "Thư mục dữ liệu (hoặc TRUYVET_DATA; mặc định var/data).",
        "Data folder of an engine (or TRUYVET_DATA; default: var/data).",
    ),
    "data.store": (
        "Lưu vào thư mục này (hoặc TRUYVET_DATA); không có thì chỉ kiểm tra.",
        "Store in this folder (or TRUYVET_DATA); without it the files are only checked.",
    ),
    "from": (
        "Thư mục hoặc tệp sự kiện, chỉ nạp vào bộ nhớ (thay cho --data).",
        "Folder or file of events, loaded into memory only (instead of --data).",
    ),
    "policy": ("Định nghĩa tiếp xúc; xem `truyvet policies`.", "Contact policy; see `truyvet policies`."),
    "depth": ("Số cấp, 1 đến 6.", "How many levels, 1 to 6."),
    "until": (
        "Đến thời điểm này, ví dụ 2021-07-11T09:00:00+07:00. Mặc định: hết dữ liệu.",
        "Up to this moment, like 2021-07-11T09:00:00+07:00. Default: the end of the data.",
    ),
    "min_probability": (
        "Bỏ người có xác suất nhỏ hơn; từ 0 đến 1.",
        "Leave out people less probable than this; 0 to 1.",
    ),
    "channels": (
        "Chỉ các kênh này, cách nhau bằng dấu phẩy: bluetooth, check_in, location.",
        "Only these channels, apart by commas: bluetooth, check_in, location.",
    ),
    "format": (
        "table, json, csv, xlsx hoặc geojson. Không có thì đuôi tệp của --out quyết định.",
        "table, json, csv, xlsx or geojson. Without it the ending of --out decides.",
    ),
    "out": (
        "Ghi vào tệp này (.csv, .json, .xlsx, .geojson, .txt) thay vì màn hình.",
        "Write to this file (.csv, .json, .xlsx, .geojson, .txt) instead of the screen.",
    ),
    "limit": (
        "Số dòng nhiều nhất hiện trong bảng; 0 là tất cả.",
        "Most rows shown in the table; 0 shows all.",
    ),
    "case": ("Chỉ các chuỗi từ ca này.", "Only chains from this case, all of them."),
    "png": ("Vẽ ra tệp PNG.", "Draw into a PNG file."),
    "svg": ("Vẽ ra tệp SVG.", "Draw into an SVG file."),
    "geojson": ("Ghi các ô ra GeoJSON.", "Write the cells as GeoJSON."),
    "resolution": ("Độ phân giải H3, 7 đến 10.", "H3 resolution, 7 to 10."),
    "at": (
        "Thời điểm của bản đồ, ví dụ 2021-07-11T09:00:00+07:00. Mặc định: hết dữ liệu.",
        "Moment of the map, like 2021-07-11T09:00:00+07:00. Default: the end of the data.",
    ),
    "kind": ("Loại sự kiện, khi tên tệp không nói.", "Kind of events, where the file's name does not say."),
    "stdin": (
        "Định dạng của đầu vào chuẩn: ndjson, json, csv, arrow.",
        "Format of standard input: ndjson, json, csv, arrow.",
    ),
    "host": ("Địa chỉ lắng nghe.", "Address to listen on."),
    "port": (
        "Cổng, từ 0 đến 65535 (0: cổng trống bất kỳ).",
        "Port, 0 to 65535 (0: any free one).",
    ),
    "people": (
        "Số dân, từ 50 đến 20 triệu.",
        "Number of people, 50 to 20 million.",
    ),
    "days": (
        "Số ngày, từ 1 đến 60.",
        "Number of days, 1 to 60.",
    ),
    "seed": ("Hạt giống: cùng hạt, cùng thành phố.", "Seed: the same seed makes the same city."),
    "start": (
        "Ngày đầu tiên, ví dụ 2021-06-28. Mặc định: thành phố kết thúc ngày 2021-07-11.",
        "First day, like 2021-06-28. Default: the city ends on 2021-07-11.",
    ),
    "city.out": ("Thư mục để ghi.", "Folder to write to."),
    "force": (
        "Ghi vào thư mục không trống; thay các tệp của thành phố cũ.",
        "Write into a folder that is not empty; files of an earlier city are replaced.",
    ),
    "demo.dir": ("Thư mục của thành phố, dữ liệu và ảnh.", "Folder for the city, the data and the picture."),
    "demo.serve": (
        "Sau đó chạy API, ở cổng trống đầu tiên kể từ --port.",
        "Then serve the API, on the first free port from --port on.",
    ),
    "markdown": ("Ghi báo cáo ra tệp Markdown.", "Write the report to a Markdown file."),
    "case.id": (
        "Mã của ca F0; `truyvet cases` liệt kê.",
        "Id of the F0; `truyvet cases` lists them.",
    ),
    "person.id": (
        "Mã của một người.",
        "Id of a person.",
    ),
    "paths": (
        "Tệp hoặc thư mục; - là đầu vào chuẩn.",
        "Files or folders; - is standard input.",
    ),
    "city.folder": (
        "Thư mục của thành phố mẫu, có sự thật (truth).",
        "Folder of a sample city, with its truth.",
    ),
    "help": (
        "Hiện trợ giúp này rồi thoát.",
        "Show this help and exit.",
    ),
    "completion.install": (
        "Cài tự điền lệnh cho shell đang dùng.",
        "Install completion for the current shell.",
    ),
    "completion.show": (
        "In mã tự điền lệnh của shell đang dùng.",
        "Print the completion script of the current shell.",
    ),
    "since": (
        "Bị lây từ thời điểm này trở đi; mặc định: theo ngày khởi phát hoặc lấy mẫu.",
        "Infected from this moment on; default: by the date of onset or sample.",
    ),
}


def startup_lang(arguments: list[str] | None = None) -> Lang:
    """The language asked for on the command line (``--lang vi``, ``--lang=vi``), else by TRUYVET_LANG, else English."""
    given = sys.argv[1:] if arguments is None else arguments
    for i, word in enumerate(given):
        if word == "--lang" and i + 1 < len(given):
            return lang_of(given[i + 1])
        if word.startswith("--lang="):
            return lang_of(word.removeprefix("--lang="))
    return lang_of(os.environ.get("TRUYVET_LANG"))


def help_of(key: str) -> str:
    """The help text of a command or option."""
    vi, en = HELP[key]
    return vi if startup_lang() == "vi" else en
