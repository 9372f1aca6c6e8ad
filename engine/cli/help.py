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
    "estimate": (
        "Ước lượng từ số liệu: R_t, khoảng nối tiếp, số lây và độ phân tán k, độ trễ.\n\nVí dụ: `truyvet estimate --cases "
        "ncsc_province_day_tidy.csv --area 'Tỉnh Bắc Giang' --png rt.png`; `truyvet estimate --line-list ca.csv --pairs "
        "cap.csv`; `truyvet estimate --data var/data`; `truyvet estimate --check`",
        "Estimates from data: R_t, serial interval, offspring and their dispersion k, delays.\n\nExamples: `truyvet "
        "estimate --cases counts.csv --area 'Bac Giang' --png rt.png`; `truyvet estimate --line-list cases.csv --pairs "
        "pairs.csv`; `truyvet estimate --data var/data`; `truyvet estimate --check`",
    ),
    "scenario": (
        "Kịch bản: chuyện gì đã xảy ra nếu quy định khác đi.\n\nBắt đầu: `truyvet scenario new kich-ban.yml`, sửa tệp, `truyvet scenario "
        "check kich-ban.yml`, `truyvet scenario run kich-ban.yml --out ket-qua`",
        "Scenarios: what would have happened under other rules.\n\nStart with `truyvet scenario new mine.yml`, change the file, `truyvet "
        "scenario check mine.yml`, `truyvet scenario run mine.yml --out results`",
    ),
    "scenario.new": (
        "Viết một tệp kịch bản mẫu có chú thích.\n\nVí dụ: `truyvet scenario new --kind table bang.yml`",
        "Write a commented scenario to begin with.\n\nExample: `truyvet scenario new --kind table mine.yml`",
    ),
    "scenario.check": (
        "Kiểm tra một tệp kịch bản: mọi lỗi kèm số dòng; các lượt chạy, mã băm, lưới độ nhạy, chi phí ước tính.\n\nVí dụ: "
        "`truyvet scenario check kich-ban.yml --data var/data`",
        "Check a scenario file: every mistake with its line; its runs, hashes, named grids, what it may cost.\n\nExample: "
        "`truyvet scenario check mine.yml --data var/data`",
    ),
    "scenario.run": (
        "Chạy mọi phương án; ghi bảng Parquet và báo cáo tiếng Việt, tiếng Anh. Dừng bằng Ctrl-C rồi chạy lại thì tiếp tục.\n\nVí dụ: "
        "`truyvet scenario run kich-ban.yml --out ket-qua --sensitivity tests`",
        "Run every variant; write Parquet tables and reports in both languages. Stopped with Ctrl-C, the same command goes on.\n\nExample: "
        "`truyvet scenario run mine.yml --out results --sensitivity tests`",
    ),
    "scenario.compare": (
        "Đặt các lượt chạy của nhiều thư mục kết quả cạnh nhau; so theo cặp khi cùng hạt giống và cùng dữ liệu.\n\nVí dụ: "
        "`truyvet scenario compare ket-qua ket-qua-2`",
        "Runs of several result folders side by side; in pairs where seed and data agree.\n\nExample: "
        "`truyvet scenario compare results results-2`",
    ),
    "scenario.report": (
        "Viết lại báo cáo của một thư mục kết quả (cả hai thứ tiếng) và in đường dẫn.\n\nVí dụ: `truyvet --lang vi scenario report ket-qua`",
        "Write the reports of a result folder again (both languages) and print where.\n\nExample: `truyvet scenario report results`",
    ),
    "scenario.file": ("Tệp kịch bản (YAML).", "Scenario file (YAML)."),
    "scenario.new_file": ("Tệp sẽ được viết.", "File to write."),
    "scenario.kind": (
        "simulation: trên tiếp xúc đã ghi nhận; table: trên bảng tiếp xúc; study: so sánh các định nghĩa.",
        "simulation: over observed contacts; table: over a table of contacts; study: definitions compared.",
    ),
    "scenario.new_force": ("Ghi đè tệp đã có.", "Write over a file that is there."),
    "scenario.variant": ("Chỉ phương án này; dùng được nhiều lần.", "Only this variant; may be given several times."),
    "scenario.sensitivity": (
        "Chạy lưới có tên này của tệp thay cho sweep.",
        "Run this named grid of the file in place of its sweep.",
    ),
    "scenario.replicates": ("Số lần lặp, thay cho số trong tệp.", "Replicates, instead of the file's."),
    "scenario.seed": ("Hạt giống, thay cho số trong tệp.", "Seed, instead of the file's."),
    "scenario.workers": (
        "Số luồng; kết quả không phụ thuộc vào nó.",
        "Threads; the answer is the same for any number.",
    ),
    "scenario.out": ("Thư mục cho kết quả.", "Folder for the results."),
    "scenario.force": (
        "Ghi đè kết quả của một kịch bản khác.",
        "Write over the results of another scenario.",
    ),
    "scenario.folder": ("Thư mục kết quả.", "Folder of results."),
    "scenario.folders": ("Các thư mục kết quả.", "Folders of results."),
    "estimate.cases": (
        "Bảng số ca theo ngày (CSV: date, count và có thể area, imported, suspect): chỉ ước lượng R_t.",
        "Table of cases by day (CSV: date, count, perhaps area, imported, suspect): only R_t is estimated.",
    ),
    "estimate.line_list": (
        "Danh sách ca bệnh (CSV, mỗi dòng một ca).",
        "Line list: a CSV with a row a case.",
    ),
    "estimate.pairs": (
        "Các cặp lây (CSV: infector, infected; có thể share là xác suất).",
        "Pairs of infector and infected (CSV; a column share: chances).",
    ),
    "estimate.truth": (
        "Thư mục thành phố mẫu: dùng sự thật của nó.",
        "Folder of a sample city: its truth is used.",
    ),
    "estimate.columns": (
        "trường=cột, khi tệp không dùng tên thông dụng; dùng được nhiều lần.",
        "field=column, where a file does not use a usual name; may be given several times.",
    ),
    "estimate.where": (
        "Chỉ các dòng có cột=giá trị này của --cases, ví dụ level=tinh; dùng được nhiều lần.",
        "Only rows of --cases with column=value, such as level=tinh; may be given several times.",
    ),
    "estimate.imported": (
        "cột=giá trị của danh sách ca: bị lây ở nơi khác.",
        "column=value of the line list: infected elsewhere.",
    ),
    "estimate.area": (
        "Chỉ đơn vị này; dùng được nhiều lần.",
        "Only this area; may be given several times.",
    ),
    "estimate.by": (
        "Thêm theo area, week hoặc month, ví dụ area,week.",
        "Also by area, week or month, such as area,week.",
    ),
    "estimate.tier": (
        "Cấp đơn vị nơi ở của các F0: commune, district, province.",
        "Tier of the areas where F0s live: commune, district, province.",
    ),
    "estimate.from_date": ("Từ ngày này.", "From this day on."),
    "estimate.to_date": ("Đến hết ngày này.", "Up to this day, included."),
    "estimate.window": ("Số ngày của cửa sổ R_t.", "Days of a window of R_t."),
    "estimate.serial": (
        "Khoảng nối tiếp: trung bình,độ lệch chuẩn (ngày); mặc định: theo các cặp, nếu không thì theo `truyvet params`.",
        "Serial interval: mean,sd in days; default: from the pairs, else as `truyvet params`.",
    ),
    "estimate.at": (
        "Đếm ca theo onset (khởi phát) hoặc confirmed (xác nhận) cho R_t.",
        "Count cases by onset or confirmed for R_t.",
    ),
    "estimate.threshold": (
        "Nguồn lây phải có ít nhất phần này trong tổng liều của các F0.",
        "An infector must have at least this share of the dose of all F0s.",
    ),
    "estimate.attribution": (
        "best: một người lây cho mỗi ca; drawn: rút nhiều cây lây theo xác suất rồi gộp.",
        "best: one infector a case; drawn: many trees drawn by the chances, pooled.",
    ),
    "estimate.recent": (
        "Không đếm số lây của các ca trong ngần này ngày cuối; mặc định: trung bình + 2 độ lệch chuẩn khoảng nối tiếp, và thời gian chờ xác nhận.",
        "Offspring of cases of so many last days are not counted; default: mean + 2 sd of the serial interval, and the delay to confirmation.",
    ),
    "estimate.what": (
        "Chỉ những phần này: rt, serial, offspring, delays, settings.",
        "Only these parts: rt, serial, offspring, delays, settings.",
    ),
    "estimate.format": ("table, csv hoặc json.", "table, csv or json."),
    "estimate.out": ("Ghi vào tệp này thay vì in ra.", "Write to this file instead of printing."),
    "estimate.png": ("Vẽ R_t và số ca vào tệp .png hoặc .svg.", "Draw R_t over the cases into a .png or .svg file."),
    "estimate.check": (
        "Kiểm tra khoảng tin cậy trên số liệu mô phỏng có R và k biết trước.",
        "Check the intervals on simulated offspring with known R and k.",
    ),
    "estimate.replicates": ("Số lần mô phỏng của --check.", "Simulations of --check for each R, k and n."),
    "levels": (
        "Cấp độ dịch chính thức của tỉnh, huyện, xã theo quy định 2686, 4800, 218 hoặc WHO, kèm lý do.\n\nVí dụ: "
        "`truyvet levels --rules 2686 --from ../shared/data/vn_cases_2021 --week 2021-W27 --png`; "
        "`truyvet levels --rules 4800 --data var/data --tier district`",
        "Official levels of provinces, districts and communes by the rules 2686, 4800, 218 or WHO, with the reasons.\n\n"
        "Examples: `truyvet levels --rules 2686 --from ../shared/data/vn_cases_2021 --week 2021-W27 --png`; "
        "`truyvet levels --rules 4800 --data var/data --tier district`",
    ),
    "levels.rules": (
        "2686, 4800, 218 hoặc who; mặc định: quy định có hiệu lực vào ngày đó.",
        "2686, 4800, 218 or who; default: the rules in force on that day.",
    ),
    "levels.from": (
        "Tệp hoặc thư mục bảng số ca theo đơn vị và ngày (CSV, Parquet).",
        "A file or folder of tables of counts by unit and day (CSV, Parquet).",
    ),
    "levels.week": (
        "Tuần theo ISO, đến hết chủ nhật, ví dụ 2021-W27.",
        "An ISO week, up to its Sunday, like 2021-W27.",
    ),
    "levels.at": (
        "Đến hết ngày này, ví dụ 2021-10-22; mặc định: ngày cuối của số liệu.",
        "Up to the end of this day, like 2021-10-22; default: the last day of the data.",
    ),
    "levels.tier": ("province, district hoặc commune.", "province, district or commune."),
    "levels.areas": (
        "Tệp hoặc thư mục đơn vị hành chính; mặc định: những đơn vị đã nạp, hoặc thư mục vn_admin bên cạnh --from.",
        "File or folder of administrative areas; default: those loaded, or a folder vn_admin beside --from.",
    ),
    "levels.override": (
        "Tệp TOML hoặc JSON: ngưỡng riêng của một tỉnh.",
        "TOML or JSON file: what a province changed in the rules.",
    ),
    "levels.assume": (
        "Coi là đúng khi chưa biết: source=known, source=unknown, judgement=no, hoặc TÊN=GIÁ_TRỊ (coverage_18_1dose=0.7). Có thể lặp lại.",
        "Take for true where it is not known: source=known, source=unknown, judgement=no, or NAME=VALUE (coverage_18_1dose=0.7). May be repeated.",
    ),
    "levels.previous": (
        "CSV của lần đánh giá trước (cột code, level), như --csv ghi ra.",
        "CSV of the last assessment (columns code, level), as --csv writes it.",
    ),
    "levels.csv": ("Ghi mọi đơn vị kèm điều kiện ra CSV.", "Write all areas with their conditions as CSV."),
    "levels.png": (
        "Vẽ bản đồ PNG; không ghi tên thì là levels-QUY_ĐỊNH-NGÀY.png.",
        "Draw the map as PNG; without a name it is levels-RULES-DAY.png.",
    ),
    "rejects": (
        "Các dòng bị từ chối: liệt kê, xem, sửa, gửi lại.\n\nVí dụ: `truyvet rejects list --kind location`; "
        "`truyvet rejects fix 17 lat=10.77`",
        "Rows that were refused: list, look at, correct, send again.\n\nExamples: `truyvet rejects list --kind location`; "
        "`truyvet rejects fix 17 lat=10.77`",
    ),
    "rejects.list": (
        "Liệt kê các dòng bị từ chối.\n\nVí dụ: `truyvet rejects list --code bad_time --since 2021-07-11T00:00:00+07:00`",
        "List refused rows.\n\nExample: `truyvet rejects list --code bad_time --since 2021-07-11T00:00:00+07:00`",
    ),
    "rejects.show": (
        "Xem trọn một dòng và lý do từ chối.\n\nVí dụ: `truyvet rejects show 17`",
        "One refused row, whole, with the reason.\n\nExample: `truyvet rejects show 17`",
    ),
    "rejects.export": (
        "Ghi các dòng chưa xử lý ra NDJSON để sửa.\n\nSửa phần `event` của mỗi dòng, giữ nguyên `reject_id`, rồi `truyvet rejects resend`. "
        "Ví dụ: `truyvet rejects export --kind location --out sua.ndjson`",
        "Write open refused rows as NDJSON, to be corrected.\n\nCorrect what stands under `event`, leave `reject_id`, then "
        "`truyvet rejects resend`. Example: `truyvet rejects export --kind location --out fix.ndjson`",
    ),
    "rejects.resend": (
        "Gửi lại các dòng đã sửa.\n\nVí dụ: `truyvet rejects resend sua.ndjson`",
        "Send corrected rows again.\n\nExample: `truyvet rejects resend fix.ndjson`",
    ),
    "rejects.fix": (
        "Sửa một dòng và gửi lại ngay.\n\nVí dụ: `truyvet rejects fix 17 lat=10.77 accuracy_m=12`",
        "Correct one refused row and send it at once.\n\nExample: `truyvet rejects fix 17 lat=10.77 accuracy_m=12`",
    ),
    "rejects.drop": (
        "Đánh dấu các dòng sẽ không gửi lại nữa.\n\nVí dụ: `truyvet rejects drop 17 18`",
        "Mark refused rows that will not be sent again.\n\nExample: `truyvet rejects drop 17 18`",
    ),
    "export": (
        "Xuất mọi sự kiện ra Parquet theo loại và ngày, kèm manifest.\n\nBị ngắt thì chạy lại cùng lệnh để làm tiếp; "
        "`truyvet ingest THƯ_MỤC` nạp lại đúng trạng thái ấy. Ví dụ: `truyvet export --to var/xuat`",
        "Write all events as Parquet by kind and day, with a manifest.\n\nStopped on its way, the same command goes on; "
        "`truyvet ingest DIR` takes it back to the same state. Example: `truyvet export --to var/export`",
    ),
    "purge": (
        "Xóa dữ liệu nhận quá thời hạn lưu mà không gắn với ca F0 nào.\n\nMáy chủ tự làm mỗi ngày. Ví dụ: `truyvet purge --dry-run`",
        "Take away events received longer ago than the retention that are tied to no case.\n\nThe server does so every day by "
        "itself. Example: `truyvet purge --dry-run`",
    ),
    "publish": (
        "Bản đồ công bố: tạo khi đến hạn, liệt kê, xem.\n\nMáy chủ tự công bố vào 8, 13 và 20 giờ. Ví dụ: `truyvet publish make`",
        "Releases of the public map: make, list, show.\n\nThe server publishes by itself at 08:00, 13:00 and 20:00. Example: "
        "`truyvet publish make`",
    ),
    "publish.make": (
        "Tạo bản công bố nếu đã đến hạn: ô có ít nhất 10 người và 5 ca, phần còn lại gộp lên.\n\nVí dụ: `truyvet publish make`",
        "Make the release that is due, if one is: cells with at least 10 people and 5 cases, the rest rolled up.\n\nExample: "
        "`truyvet publish make`",
    ),
    "publish.list": (
        "Liệt kê các bản đã công bố, mới nhất trước.\n\nVí dụ: `truyvet publish list`",
        "List the releases there are, newest first.\n\nExample: `truyvet publish list`",
    ),
    "publish.show": (
        "Xem một bản công bố đúng như công chúng thấy.\n\nVí dụ: `truyvet publish show 3 --resolution 8`",
        "Show a release exactly as the public sees it.\n\nExample: `truyvet publish show 3 --resolution 8`",
    ),
    "publish.now": (
        "Làm như thể bây giờ là thời điểm này, ví dụ 2021-07-12T09:00:00+07:00.",
        "As if it were this moment, like 2021-07-12T09:00:00+07:00.",
    ),
    "publish.id": ("Số của bản công bố. Mặc định: bản mới nhất.", "Number of the release. Default: the newest."),
    "publish.resolution": ("Độ phân giải H3, 7 đến 9.", "H3 resolution, 7 to 9."),
    "checkpoint": (
        "Ghi bản lưu nhanh để lần sau mở nhanh hơn.\n\nVí dụ: `truyvet checkpoint`",
        "Write a checkpoint, for a quicker next start.\n\nExample: `truyvet checkpoint`",
    ),
    "backup": (
        "Sao lưu toàn bộ nhật ký vào một tệp, máy chủ vẫn chạy.\n\nVí dụ: `truyvet backup --to var/2021-07-11.backup`",
        "Copy the whole journal into one file, while the server runs.\n\nExample: `truyvet backup --to var/2021-07-11.backup`",
    ),
    "restore": (
        "Khôi phục bản sao lưu vào một nơi còn trống.\n\nVí dụ: `truyvet restore --from var/2021-07-11.backup --data var/new`",
        "Fill an empty data folder or database from a backup.\n\nExample: `truyvet restore --from var/2021-07-11.backup --data var/new`",
    ),
    "rejects.kind": ("Chỉ loại sự kiện này.", "Only this kind of events."),
    "rejects.code": ("Chỉ lý do này, ví dụ bad_time.", "Only this reason, like bad_time."),
    "rejects.since": (
        "Nhận từ thời điểm này trở đi, ví dụ 2021-07-11T09:00:00+07:00.",
        "Received from this moment on, like 2021-07-11T09:00:00+07:00.",
    ),
    "rejects.state": (
        "open (chưa xử lý), sent (đã gửi lại), dropped (bỏ) hoặc any (tất cả).",
        "open (nobody dealt with it), sent (sent again), dropped, or any.",
    ),
    "rejects.format": ("table, json (mỗi dòng một đối tượng) hoặc csv.", "table, json (one object a line) or csv."),
    "rejects.out": ("Ghi vào tệp này thay vì màn hình.", "Write to this file instead of the screen."),
    "rejects.id": (
        "Số của dòng; `truyvet rejects list` liệt kê.",
        "Number of the row; `truyvet rejects list` lists them.",
    ),
    "rejects.ids": ("Số của các dòng.", "Numbers of the rows."),
    "rejects.file": (
        "Tệp của `truyvet rejects export`, đã sửa.",
        "A file of `truyvet rejects export`, corrected.",
    ),
    "rejects.fields": (
        "Trường và giá trị mới; giá trị trống thì bỏ trường ấy.",
        "Fields and their new values; an empty value takes the field away.",
    ),
    "export.to": ("Thư mục để ghi.", "Folder to write to."),
    "export.kind": ("Chỉ loại này; có thể lặp lại.", "Only this kind; may be given several times."),
    "export.force": (
        "Làm mới bản xuất đã có, hoặc ghi vào thư mục không trống.",
        "Renew an export that is there, or write into a folder that is not empty.",
    ),
    "purge.dry_run": ("Chỉ đếm, không xóa.", "Count only, take nothing away."),
    "purge.now": (
        "Tính như thể bây giờ là thời điểm này, ví dụ 2021-08-01T00:00:00+07:00.",
        "As if it were this moment, like 2021-08-01T00:00:00+07:00.",
    ),
    "backup.to": ("Tệp mới để ghi.", "New file to write."),
    "restore.from": ("Tệp của `truyvet backup`.", "A file of `truyvet backup`."),
    "evaluate": (
        "So câu trả lời với sự thật của thành phố mẫu.\n\nVí dụ: `truyvet evaluate var/city --markdown docs/accuracy.md`",
        "Compare the answers with the truth of a sample city.\n\nExample: "
        "`truyvet evaluate var/city --markdown docs/accuracy.md`",
    ),
    "evaluate-map": (
        "Bản đồ nguy cơ có báo trước được nơi lây không?\n\nVí dụ: `truyvet evaluate-map --seeds 101-120`",
        "Does the risk map tell where the next transmissions will be? Takes half a minute a city.\n\nExample: "
        "`truyvet evaluate-map --seeds 101-120`",
    ),
    "map.seeds": (
        "Hạt giống các thành phố báo cáo: 101-120 hoặc 1,2,5.",
        "Seeds of the cities reported on: 101-120 or 1,2,5.",
    ),
    "map.tune": ("So các thông số trên các hạt giống này.", "Compare settings on the cities of these seeds."),
    "map.held": ("Số ngày cuối giữ lại để kiểm tra.", "Last days held out, to be predicted."),
    "map.communes": (
        "Số ca theo xã và ngày (CSV): thử cả ý tưởng giảm dần trên đó.",
        "Cases by commune and day (CSV): try fading and smoothing on them too.",
    ),
    "map.areas": (
        "Danh sách xã, huyện, tỉnh (JSON, CSV, ...).",
        "List of communes, districts, provinces (JSON, CSV, ...).",
    ),
    "map.keep": (
        "Giữ kết quả từng thành phố ở đây; lần sau chạy tiếp.",
        "Keep the values of each city here; a later run goes on.",
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
    "database": (
        "URL của cơ sở dữ liệu, như postgresql://user@host/db (hoặc TRUYVET_DATABASE); thư mục --data khi đó chỉ giữ bản lưu nhanh.",
        "URL of the database, like postgresql://user@host/db (or TRUYVET_DATABASE); the --data folder then keeps checkpoints only.",
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
    "geoparquet": ("Ghi các ô ra GeoParquet (.parquet).", "Write the cells as GeoParquet (.parquet)."),
    "gpkg": (
        "Ghi các ô ra GeoPackage (.gpkg), mở được bằng QGIS.",
        "Write the cells as a GeoPackage (.gpkg), for QGIS.",
    ),
    "gif": (
        "Vẽ bản đồ cuối mỗi ngày thành ảnh động (.gif).",
        "Draw the maps at the end of each of the last days as a moving picture (.gif).",
    ),
    "gif.days": ("Số ngày trong ảnh động.", "Days in the moving picture."),
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
    "serve.watch": (
        "Thư mục theo dõi: tệp sự kiện đặt vào đó được nạp, rồi chuyển sang done/ hoặc failed/.",
        "Folder to watch: event files put into it are taken in, then moved to done/ or failed/.",
    ),
    "serve.nats": (
        "URL máy chủ NATS có luồng TRUYVET, như nats://127.0.0.1:4222 (hoặc TRUYVET_NATS).",
        "URL of a NATS server with the stream TRUYVET, like nats://127.0.0.1:4222 (or TRUYVET_NATS).",
    ),
    "serve.retention": (
        "Số ngày giữ sự kiện không gắn với ca nào, từ 14 đến 60 (mặc định 21).",
        "Days that events not tied to a case are kept, 14 to 60 (default 21).",
    ),
    "serve.publish_days": (
        "Số ngày mới trong mỗi bản công bố, từ 1 đến 14 (mặc định 1): càng dài càng chi tiết, càng chậm.",
        "Days that are new in a release of the public map, 1 to 14 (default 1): longer is finer, and later.",
    ),
    "serve.publish_people": (
        "Số người ít nhất đằng sau mọi con số công bố; chỉ có thể nâng lên trên 10.",
        "Least people behind everything that is published; can only be raised above 10.",
    ),
    "serve.publish_cases": (
        "Số ca ít nhất đằng sau mọi con số công bố; chỉ có thể nâng lên trên 5.",
        "Least cases behind everything that is published; can only be raised above 5.",
    ),
    "serve.max_rows": (
        "Số dòng nhiều nhất của một yêu cầu (mặc định 1.000.000).",
        "Most rows of one request (default 1,000,000).",
    ),
    "serve.log": (
        "Dạng nhật ký: json hoặc text (mặc định: text trên màn hình, còn lại json).",
        "Form of the log: json or text (default: text on a terminal, else json).",
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
    "areas": (
        "Đơn vị hành chính: nạp, liệt kê, xem, kiểm tra.\n\nVí dụ: `truyvet areas load ranh-gioi/ dan-so.csv`",
        "Administrative areas: load, list, look at, check.\n\nExample: `truyvet areas load borders/ population.csv`",
    ),
    "areas.load": (
        "Nạp tệp hoặc thư mục địa giới (GeoJSON, GeoPackage, Shapefile, CSV, Parquet, JSON), ghép theo mã.\n\nTệp sau bổ sung "
        "tệp trước và những gì đã nạp. Ví dụ: `truyvet areas load xa.shp --map code=MA_XA --tier commune`",
        "Take in files or folders of areas (GeoJSON, GeoPackage, Shapefile, CSV, Parquet, JSON), joined by code.\n\nA later "
        "file adds to those before and to what is known. Example: `truyvet areas load wards.shp --map code=MA_XA --tier commune`",
    ),
    "areas.list": (
        "Liệt kê đơn vị có hiệu lực trong một ngày.\n\nVí dụ: `truyvet areas list --tier district --under 79`",
        "List the areas in force on a day.\n\nExample: `truyvet areas list --tier district --under 79`",
    ),
    "areas.show": (
        "Xem một đơn vị: tên, dân số, giáp ranh, chia tách, sáp nhập.\n\nVí dụ: `truyvet areas show 769`",
        "One area: names, population, neighbours, mergers and splits.\n\nExample: `truyvet areas show 769`",
    ),
    "areas.check": (
        "Kiểm tra địa giới: thiếu cấp trên, thiếu ranh giới, chồng lấn, khoảng trống, thiếu dân số. Không tự sửa gì.\n\n"
        "Ví dụ: `truyvet areas check --from ranh-gioi/`",
        "Check the areas: missing parents, missing polygons, overlaps, gaps, missing population. Nothing is corrected.\n\n"
        "Example: `truyvet areas check --from borders/`",
    ),
    "areas.files": ("Tệp hoặc thư mục địa giới.", "Files or folders of areas."),
    "areas.map": (
        "trường=cột, khi tệp không dùng tên cột thông dụng; dùng được nhiều lần.",
        "field=column, where a file does not use a usual name; may be given several times.",
    ),
    "areas.rows_tier": (
        "Cấp của mọi dòng, khi tệp không cho biết: country, province, district, commune.",
        "Tier of every row, where the files do not tell: country, province, district, commune.",
    ),
    "areas.replace": ("Bỏ những gì đã nạp trước đây.", "Forget what was loaded before."),
    "areas.tier": (
        "Chỉ một cấp: country, province, district, commune.",
        "Only one tier: country, province, district, commune.",
    ),
    "areas.under": ("Chỉ các đơn vị thuộc mã này.", "Only areas that lie in the one with this code."),
    "areas.date": ("Ngày, ví dụ 2021-07-01; mặc định: hôm nay.", "A day such as 2021-07-01; default: today."),
    "areas.from": (
        "Đọc các tệp này thay cho những gì đã nạp; dùng được nhiều lần.",
        "Read these files instead of what was loaded; may be given several times.",
    ),
    "areas.code": ("Mã đơn vị; `truyvet areas list` liệt kê.", "Code of the area; `truyvet areas list` lists them."),
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
