"""Every text people read, in Vietnamese and English: one table, one function.

Edges call ``say``; nothing deeper in the engine speaks to people. Keys are ``family.word``; families are kept
together, and a test checks that every key has both languages and the same fields in both. Append freely.
"""

from typing import Literal

from engine.errors import BadParameterError

Lang = Literal["vi", "en"]
LANGS: tuple[Lang, ...] = ("vi", "en")

TEXTS: dict[str, tuple[str, str]] = {
    # -- columns ---------------------------------------------------------------------------------------
    "col.person": ("Người", "Person"),
    "col.case": ("Ca F0", "Case"),
    "col.level": ("Cấp", "Level"),
    "col.first_exposed_at": ("Tiếp xúc đầu", "First exposed"),
    "col.last_exposed_at": ("Tiếp xúc cuối", "Last exposed"),
    "col.minutes": ("Phút", "Minutes"),
    "col.probability": ("Xác suất", "Probability"),
    "col.dose": ("Liều", "Dose"),
    "col.is_case": ("Là F0", "Is F0"),
    "col.channels": ("Kênh", "Channels"),
    "col.via": ("Qua", "Via"),
    "col.places": ("Địa điểm", "Places"),
    "col.place": ("Địa điểm", "Place"),
    "col.kind": ("Loại", "Kind"),
    "col.file": ("Tệp", "File"),
    "col.accepted": ("Nhận", "Accepted"),
    "col.duplicates": ("Trùng", "Duplicates"),
    "col.rejected": ("Từ chối", "Rejected"),
    "col.seconds": ("Giây", "Seconds"),
    "col.code": ("Mã", "Code"),
    "col.count": ("Số dòng", "Rows"),
    "col.first_rows": ("Dòng đầu tiên", "First rows"),
    "col.reason": ("Lý do", "Reason"),
    "col.example": ("Ví dụ", "Example"),
    "col.confirmed_at": ("Xác nhận", "Confirmed"),
    "col.onset_at": ("Khởi phát", "Onset"),
    "col.sampled_at": ("Lấy mẫu", "Sampled"),
    "col.isolated_at": ("Cách ly", "Isolated"),
    "col.window": ("Khoảng lây", "Infectious window"),
    "col.sources": ("Căn cứ", "Declared by"),
    "col.f1": ("F1", "F1"),
    "col.cases": ("Các F0", "Cases"),
    "col.from": ("Từ", "From"),
    "col.to": ("Đến", "To"),
    "col.hours": ("Giờ-người", "Person-hours"),
    "col.name": ("Tên", "Name"),
    "col.value": ("Giá trị", "Value"),
    "col.unit": ("Đơn vị", "Unit"),
    "col.bounds": ("Giới hạn", "Bounds"),
    "col.meaning": ("Ý nghĩa", "Meaning"),
    "col.source": ("Nguồn", "Source"),
    "col.mark": ("Độ chắc", "Mark"),
    "col.date": ("Ngày", "Date"),
    "col.min_minutes": ("Thời gian tối thiểu", "Least time"),
    "col.before_onset": ("Trước khởi phát", "Before onset"),
    "col.before_sample": ("Trước lấy mẫu", "Before sample"),
    "col.band": ("Mức", "Band"),
    "col.cells": ("Số ô", "Cells"),
    "col.cell": ("Ô H3", "H3 cell"),
    "col.score": ("Điểm", "Score"),
    "col.interval": ("Khoảng 90 %", "90 % interval"),
    "col.infectious_h": ("Giờ-người lây", "Infectious person-hours"),
    "col.channel_mix": ("Kênh dùng", "Channels used"),
    "col.pairs": ("Cặp đúng", "True pairs"),
    "col.found": ("Tìm thấy", "Found"),
    "col.recall": ("Độ nhạy", "Recall"),
    "col.f1_per_case": ("F1 mỗi ca", "F1 per case"),
    "col.f1_rows": ("Số dòng F1", "F1 rows"),
    "col.infected_rows": ("Trong đó lây thật", "Truly infected"),
    "col.auc": ("AUC", "AUC"),
    "col.bin": ("Khoảng dự báo", "Predicted, bin"),
    "col.predicted": ("Dự báo (tb.)", "Predicted, mean"),
    "col.realised": ("Thực tế", "Realised"),
    "col.n": ("n", "n"),
    "col.id": ("Số", "Number"),
    "col.state": ("Tình trạng", "State"),
    "col.received_at": ("Nhận lúc", "Received"),
    "col.row": ("Dòng", "Row"),
    "col.detail": ("Chi tiết", "Detail"),
    "reject_state.open": ("chưa xử lý", "open"),
    "reject_state.sent": ("đã gửi lại", "sent again"),
    "reject_state.dropped": ("đã bỏ", "dropped"),
    # -- words -----------------------------------------------------------------------------------------
    "word.yes": ("có", "yes"),
    "word.no": ("không", "no"),
    "word.unknown": ("không rõ", "unknown"),
    "word.now": ("nay", "now"),
    "word.minutes": ("{n} phút", "{n} min"),
    "word.days": ("{n} ngày", "{n} days"),
    "word.events": ("sự kiện: {n}", "events: {n}"),
    "word.more_contacts": ("và {n} tiếp xúc nữa", "and {n} more contacts"),
    "word.whole_chain": ("cả chuỗi {p}", "whole chain {p}"),
    "accumulate.window": ("{n} phút trong cả khoảng lây", "{n} min in the whole window"),
    "accumulate.24h": ("{n} phút trong 24 giờ", "{n} min in any 24 h"),
    "accumulate.single": ("{n} phút liền một lần", "{n} min in one contact"),
    "declared.case": ("khai báo", "case"),
    "declared.test_result": ("xét nghiệm", "test"),
    "ignored.hidden": ("tệp ẩn", "hidden"),
    "ignored.not_events": ("không phải sự kiện", "not events"),
    "ignored.unknown_format": ("không rõ định dạng", "unknown format"),
    "ignored.unknown_kind": ("tên tệp không nói loại sự kiện", "its name does not begin with a kind of events"),
    "stage.people": ("dân cư", "people"),
    "stage.days": ("từng ngày", "days"),
    "stage.files": ("ghi tệp", "files"),
    "channel.bluetooth": ("Bluetooth", "Bluetooth"),
    "channel.check_in": ("quét mã", "check-in"),
    "channel.location": ("vị trí", "location"),
    "mix.all": ("cả ba kênh", "all three"),
    "mix.bluetooth": ("chỉ Bluetooth", "Bluetooth only"),
    "mix.check_in": ("chỉ quét mã", "check-in only"),
    "mix.location": ("chỉ vị trí", "location only"),
    "band.0": ("bình thường", "normal"),
    "band.1": ("nguy cơ", "at risk"),
    "band.2": ("nguy cơ cao", "high"),
    "band.3": ("nguy cơ rất cao", "very high"),
    "kind.bluetooth": ("Bluetooth", "Bluetooth sightings"),
    "kind.check_in": ("lượt quét mã", "check-ins"),
    "kind.location": ("vị trí", "location fixes"),
    "kind.place": ("địa điểm", "places"),
    "kind.case": ("ca F0 khai báo", "declared cases"),
    "kind.test_result": ("xét nghiệm", "test results"),
    "kind.quarantine": ("lệnh cách ly", "quarantine orders"),
    # -- titles and notes ------------------------------------------------------------------------------
    "title.trace": ("Người phơi nhiễm từ ca {case}", "People exposed to case {case}"),
    "title.sources": ("Nguồn lây khả dĩ của ca {case}", "Possible sources of case {case}"),
    "title.ingest": ("Dữ liệu đã nạp", "Ingested files"),
    "title.rejected": ("Dòng bị từ chối trong {file}", "Rejected rows of {file}"),
    "title.cases": ("Các ca F0", "Cases (F0)"),
    "title.chain": ("Chuỗi tiếp xúc từ {case} đến {person}", "Chain from {case} to {person}"),
    "title.chains": ("Chuỗi tiếp xúc của {person}", "Chains of {person}"),
    "title.clusters": ("Chùm ca: nơi có từ hai F0", "Clusters: places that two or more F0 shared"),
    "title.risk": (
        "Bản đồ nguy cơ, độ phân giải {resolution}, lúc {at}",
        "Risk map, resolution {resolution}, {at}",
    ),
    "title.cells": ("Các ô điểm cao nhất", "Highest cells"),
    "title.policies": ("Các định nghĩa tiếp xúc", "Contact policies"),
    "title.params": ("Các con số khoa học", "Numbers of science"),
    "title.rejects": ("Các dòng bị từ chối", "Refused rows"),
    "title.rejects_again": ("Vẫn bị từ chối", "Refused again"),
    "title.city": ("Thành phố mẫu", "Sample city"),
    "title.recall": ("Độ nhạy: cặp lây thật nằm trong F1", "Recall: true infection pairs among F1"),
    "title.reliability": ("Độ tin cậy: dự báo và thực tế", "Reliability: predicted against realised"),
    "note.counts": ("{counts}; {total} người.", "{counts}; {total} people."),
    "note.window.trace": (
        "Khoảng lây {start} - {end}; định nghĩa {policy}; dữ liệu đến {until}. Giờ Việt Nam (UTC+07:00).",
        "Infectious window {start} - {end}; policy {policy}; data until {until}. Times are UTC+07:00.",
    ),
    "note.window.sources": (
        "Khoảng có thể bị lây {start} - {end}; định nghĩa {policy}; dữ liệu đến {until}. Giờ Việt Nam (UTC+07:00).",
        "May have been infected {start} - {end}; policy {policy}; data until {until}. Times are UTC+07:00.",
    ),
    "note.nobody": ("Không có ai.", "Nobody."),
    "note.no_cases": ("Không có ca F0 nào.", "No cases."),
    "note.no_clusters": ("Không có nơi nào mà hai F0 cùng có mặt.", "No place was shared by two F0."),
    "note.no_cells": ("Không có ô nào có điểm.", "No cell has a score."),
    "note.shown": (
        "Hiện {shown} trong {total} dòng; --limit 0 hiện hết.",
        "{shown} of {total} rows; --limit 0 shows all.",
    ),
    "note.rejected_shown": (
        "Chỉ liệt kê {shown} dòng đầu trong {total} dòng bị từ chối.",
        "Only the first {shown} of {total} rejected rows are listed.",
    ),
    "note.shown_chains": (
        "Hiện {shown} trong {total} chuỗi; --limit 0 hiện hết.",
        "{shown} of {total} chains; --limit 0 shows all.",
    ),
    "note.wrote": ("Đã ghi {path}", "Wrote {path}"),
    "note.no_chain": (
        "Không F0 nào dẫn đến {person} trong {depth} cấp.",
        "{person} is not reached from any F0 within {depth} levels.",
    ),
    "note.no_chain_from": (
        "{case} không dẫn đến {person} trong {depth} cấp.",
        "{person} is not reached from {case} within {depth} levels.",
    ),
    "note.chain": (
        "Mỗi bước: tiếp xúc đầu, số phút, xác suất lây của bước ấy. Giờ Việt Nam (UTC+07:00).",
        "Each step: first contact, minutes, probability of that step. Times are UTC+07:00.",
    ),
    "note.ignored": ("Bỏ qua {path}: {reason}", "Ignored {path}: {reason}"),
    "note.nothing_accepted": ("Không nhận được dòng nào.", "Nothing was accepted."),
    "note.row_numbers": (
        "Số dòng đếm từ 0, không kể dòng tiêu đề của CSV.",
        "Rows are counted from 0; the header line of a CSV is not a row.",
    ),
    "note.times": ("Giờ Việt Nam (UTC+07:00).", "Times are UTC+07:00."),
    "note.refused": (
        "Bị từ chối {count} dòng; xem lý do: `truyvet ingest {path}`.",
        "Refused rows: {count}; `truyvet ingest {path}` tells why.",
    ),
    "note.stored": ("Đã lưu vào {path}.", "Stored in {path}."),
    "note.no_rejects": ("Không có dòng nào bị từ chối.", "No refused rows."),
    "note.rejects_correct": (
        "Hãy sửa phần event của mỗi dòng trong {path}, rồi: truyvet rejects resend {path}",
        "Correct what stands under event in {path}, then: truyvet rejects resend {path}",
    ),
    "note.rejects_sent": (
        "Đã gửi lại {sent}, vẫn bị từ chối {refused}, bỏ qua {skipped} (đã xử lý trước đó).",
        "Sent again {sent}, refused again {refused}, passed over {skipped} (dealt with before).",
    ),
    "note.rejects_dropped": (
        "Đã bỏ {count} dòng, bỏ qua {skipped} (đã xử lý trước đó).",
        "Dropped {count} rows, passed over {skipped} (dealt with before).",
    ),
    "rejects.force": ("Thay tệp đã có.", "Replace a file that is there."),
    "note.rejects_none_open": (
        "0 dòng: không có dòng chưa xử lý nào như vậy.",
        "0 rows: no such row is open.",
    ),
    "note.exported": (
        "Đã xuất {rows} dòng vào {files} tệp ({mib} MiB, {kept} tệp có sẵn) ở {path}; as_of {as_of}.",
        "Exported {rows} rows in {files} files ({mib} MiB, {kept} of them there already) to {path}; as_of {as_of}.",
    ),
    "note.export_renewed": ("Đã làm mới bản xuất {path}", "Renewed the export {path}"),
    "note.purged": (
        "Đã xóa {rows} dòng trong {batches} lô và {rejects} dòng bị từ chối, nhận trước {before} (UTC+07:00).",
        "Took away {rows} rows of {batches} batches and {rejects} refused rows, received before {before} (UTC+07:00).",
    ),
    "note.purge_would": (
        "Sẽ xóa {rows} dòng trong {batches} lô và {rejects} dòng bị từ chối, nhận trước {before} (UTC+07:00); chưa xóa gì.",
        "Would take away {rows} rows of {batches} batches and {rejects} refused rows, received before {before} (UTC+07:00); nothing was.",
    ),
    "note.checkpoint": ("Đã ghi bản lưu nhanh đến as_of {as_of}.", "Wrote a checkpoint up to as_of {as_of}."),
    "note.checkpoint_there": (
        "Bản lưu nhanh mới nhất đã đến as_of {as_of}.",
        "The newest checkpoint holds as_of {as_of} already.",
    ),
    "note.backed_up": (
        "Đã sao lưu vào {path} ({mib} MiB), as_of {as_of}.",
        "Backed up to {path} ({mib} MiB), as_of {as_of}.",
    ),
    "note.restored": ("Đã khôi phục từ {path}, as_of {as_of}.", "Restored from {path}, as_of {as_of}."),
    "note.stored_database": ("Đã lưu vào cơ sở dữ liệu.", "Stored in the database."),
    "note.interrupted": ("Đã dừng. Dữ liệu đã nhận vẫn được giữ.", "Interrupted. What was accepted stays."),
    "note.policies": (
        "Trước khởi phát, trước lấy mẫu: F0 lây từ bấy nhiêu ngày trước (không triệu chứng thì tính từ lấy mẫu).",
        "Before onset, before sample: that long before it an F0 is infectious (without symptoms: before the sample).",
    ),
    "note.marks": (
        "Độ chắc: O văn bản chính thức, P bài báo, C mã nguồn công bố, N báo chí, D suy ra từ đó, M nhớ lại, T lựa chọn kỹ thuật.",
        "Mark: O official text, P paper, C published code, N news, D derived from such, M from memory, T a technical choice.",
    ),
    "note.totals": (
        "Nhận {accepted}, trùng {duplicates}, từ chối {rejected}.",
        "Accepted {accepted}, duplicates {duplicates}, rejected {rejected}.",
    ),
    "demo.making": ("Tạo thành phố mẫu ở {path}", "Making the sample city in {path}"),
    "demo.made": ("Thành phố mẫu đã có ở {path}", "The sample city is there: {path}"),
    "demo.ingesting": ("Nạp thành phố mẫu vào {path}", "Ingesting the sample city into {path}"),
    "demo.ingested": ("Dữ liệu đã nạp sẵn ở {path}", "Already ingested: {path}"),
    "demo.next": (
        "Tiếp: truyvet trace {case} --data {data}; truyvet serve --data {data}",
        "Next: truyvet trace {case} --data {data}; truyvet serve --data {data}",
    ),
    "demo.share_f1": (
        "Số người thật sự bị {case} lây: {total}; nằm trong F1: {found} ({share}).",
        "People truly infected by {case}: {total}; among its F1: {found} ({share}).",
    ),
    "demo.share_f2": (
        "Trong F1 và F2: {found} trên {total} ({share}).",
        "Within F1 and F2: {found} of {total} ({share}).",
    ),
    "demo.share_all": (
        "Trên mọi ca: {found} trên {total} cặp lây thật có trong F1 ({share}); chi tiết: `truyvet evaluate`.",
        "Over all cases: {found} of {total} true pairs are among F1 ({share}); more: `truyvet evaluate`.",
    ),
    "demo.serving": ("API: {url} (xem {url}/docs)", "API: {url} (see {url}/docs)"),
    "note.not_stored": (
        "Chỉ kiểm tra, không lưu; thêm --data THƯ_MỤC để lưu.",
        "Checked only, nothing stored; add --data DIR to store.",
    ),
    "col.interval95": ("Khoảng 95 %", "95 % interval"),
    "accuracy.title": ("Độ chính xác trên thành phố mẫu", "Accuracy on the sample city"),
    "accuracy.how": (
        "Mọi ca được phát hiện của thành phố mẫu ({plan}), định nghĩa vn-2021-07, so với sự thật của mô phỏng. Chạy lại:",
        "Every detected case of the sample city ({plan}), policy vn-2021-07, against the simulation's truth. Run again:",
    ),
    "accuracy.reading": (
        "Máy chỉ thấy điều được ghi lại: một phần dân có ứng dụng, quét mã hoặc gửi vị trí, nên phần lớn lây truyền trong "
        "nhà không để lại dấu vết, và cách tìm chỉ thấy phần còn lại. AUC cho biết xếp hạng tốt đến đâu "
        "trong số F1 tìm được. Xác suất dùng nguy cơ đã công bố cho mọi tiếp xúc; dịch trong thành phố mẫu lây mạnh gấp "
        "`city_delta_factor` lần và nhiều phần của tiếp xúc thật không được ghi lại, nên tỷ lệ thực tế cao hơn dự báo; hãy dựa vào thứ tự.",
        "The engine sees what was recorded. Only a share of people carries the app, scans codes or sends its location, so "
        "most transmission at home leaves no trace, and what left none cannot be found. The AUC says how "
        "well the F1 that were found are ranked. The probability uses the published hazard for all contacts; the sample "
        "city's outbreak is `city_delta_factor` times as infectious and much of each true contact goes unrecorded, so "
        "realised shares lie above predicted ones; the order is what to rely on.",
    ),
    "evaluate.basis": (
        "{cases} ca F0, {infections} ca nhiễm, {pairs} cặp có người lây là F0; {hidden} cặp có người lây "
        "chưa phát hiện; {outside} ca từ ngoài.",
        "{cases} cases, {infections} infections, {pairs} pairs whose infector is a detected case; {hidden} "
        "pairs have an undetected infector; {outside} came from outside.",
    ),
    "evaluate.auc": (
        "AUC của xác suất trên {n} dòng F1 ({positive} lây thật): {auc}.",
        "AUC of probability over {n} F1 rows ({positive} truly infected): {auc}.",
    ),
    "progress.replay": ("Đọc lại nhật ký", "Replaying the journal"),
    "progress.ingest": ("Nạp {name}", "Ingesting {name}"),
    "progress.export": ("Xuất {kind}", "Exporting {kind}"),
    "progress.purge": ("Xóa dữ liệu quá hạn", "Purging"),
    "progress.city": ("Thành phố: {stage}", "City: {stage}"),
    "progress.evaluate": ("Đánh giá các ca", "Evaluating cases"),
    "draw.edges": (
        "tiếp xúc đầu (UTC+07:00) · thời lượng · xác suất",
        "first contact (UTC+07:00) · how long · probability",
    ),
    # -- errors: one for each code of engine.errors ----------------------------------------------------
    "error.error": ("Lỗi", "Error"),
    "error.bad_input": ("Dữ liệu không dùng được", "Unusable input"),
    "error.unknown_kind": ("Không có loại sự kiện này", "No such kind of event"),
    "error.unreadable_file": ("Không đọc được tệp", "Unreadable file"),
    "error.bad_parameter": ("Tham số sai", "Bad parameter"),
    "error.unknown_policy": ("Không có định nghĩa tiếp xúc này", "No such contact policy"),
    "error.not_found": ("Không tìm thấy", "Not found"),
    "error.unknown_person": ("Không có người này", "No such person"),
    "error.grid": (
        "Thư viện h3 đã cài không theo lưới H3 đã công bố.",
        "The installed h3 library does not follow the published H3 grid.",
    ),
    "error.unknown_case": ("Không có ca F0 này", "No such case"),
    "error.journal": ("Lỗi nhật ký", "Journal error"),
    "error.storage_full": ("Hết chỗ lưu trữ", "Storage is full"),
    "hint.storage_full": (
        "Chưa nhận gì cả. Hãy giải phóng dung lượng rồi gửi lại.",
        "Nothing was accepted. Free some space, then send again.",
    ),
    "error.busy": ("Hệ thống đang bận", "Busy"),
    "error.history_gone": ("Không còn lịch sử của thời điểm đó", "No history of that moment"),
    "error.os": ("Không đọc ghi được", "Cannot read or write"),
    "hint.journal": (
        "Hãy chọn một thư mục ghi được bằng --data, hoặc khôi phục tệp hỏng từ bản sao lưu.",
        "Name a folder you may write to with --data, or restore the damaged file from a backup.",
    ),
    "hint.unreadable_file": (
        "Định dạng: CSV (UTF-8), NDJSON, JSON, Parquet, Arrow; xem docs/formats.md.",
        "Formats: CSV (UTF-8), NDJSON, JSON, Parquet, Arrow; see docs/formats.md.",
    ),
    "error.no_case": (
        "không có F0 nào mang mã {case!r}, cũng không có sự kiện nào về mã này.",
        "no F0 has the id {case!r}, and no event names it.",
    ),
    "error.not_f0": (
        "{person!r} có trong dữ liệu nhưng không phải F0; `truyvet chain {person}` cho biết người này có liên quan F0 nào không.",
        "{person!r} is known but no F0; `truyvet chain {person}` tells whether an F0 leads to them.",
    ),
    "error.no_person": ("không có sự kiện nào về {person!r}.", "no accepted event names {person!r}."),
    "error.near": ("Gần giống: {names}.", "Did you mean: {names}?"),
    "error.list_cases": ("`truyvet cases` liệt kê các ca.", "`truyvet cases` lists them."),
    "error.no_data": (
        "không có dữ liệu ở {path}; hãy chạy `truyvet demo`, hoặc đưa --data hay --from.",
        "there is no data in {path}; run `truyvet demo`, or give --data or --from.",
    ),
    "error.data_and_from": (
        "chỉ đưa một trong --data và --from (--database đi cùng --data).",
        "give either --data or --from, not both (--database goes with --data).",
    ),
    "error.no_path": ("không có {path}.", "{path} does not exist."),
    "error.no_events": (
        "{path} không có tệp sự kiện; tên tệp phải bắt đầu bằng loại sự kiện (check_in.csv, bluetooth.parquet, ...), xem docs/formats.md.",
        "there are no event files in {path}; their names begin with a kind (check_in.csv, bluetooth.parquet, ...), see docs/formats.md.",
    ),
    "error.is_data": (
        "{path} là thư mục dữ liệu của máy; hãy dùng --data {path}.",
        "{path} is the data folder of an engine; use --data {path}.",
    ),
    "error.not_written": ("không ghi được {path}: {reason}.", "{path} cannot be written: {reason}."),
    "error.not_demo": (
        "{path} có dữ liệu không do bản demo tạo ra và sẽ bị mất; hãy chọn thư mục khác bằng --dir.",
        "{path} holds data that the demo did not make, and they would be lost; choose another folder with --dir.",
    ),
    "error.bad_moment": (
        "{option} {text}: cần thời điểm có múi giờ, như 2021-07-11T09:30:00+07:00.",
        "{option} {text}: a moment with time zone is needed, like 2021-07-11T09:30:00+07:00.",
    ),
    "error.bad_date": (
        "{option} {text}: cần một ngày, như 2021-06-28.",
        "{option} {text}: a date is needed, like 2021-06-28.",
    ),
    "error.at_least": ("{option} {value}: phải từ {low} trở lên.", "{option} {value}: it must be {low} or more."),
    "error.bad_option": ("{option} {text}: chỉ có {names}.", "{option} {text}: there are {names}."),
    "error.file_there": ("{path} đã có; thêm --force để ghi đè.", "{path} exists; --force replaces it."),
    "error.no_backup": (
        "{path} không phải tệp của truyvet backup.",
        "{path} is not a file of truyvet backup.",
    ),
    "error.bounds": ("{option} {value}: phải từ {low} đến {high}.", "{option} {value}: it must be {low} to {high}."),
    "error.no_policy": ("không có {policy!r}; có: {names}.", "there is no {policy!r}; there are: {names}."),
    "error.no_kind": ("không có {kind!r}; có: {names}.", "there is no {kind!r}; there are: {names}."),
    "error.bad_channels": ("--channels {text}: chỉ có {names}.", "--channels {text}: there are {names}."),
    "error.bad_picture": ("{path}: ảnh phải có đuôi .png hoặc .svg.", "{path}: a picture ends in .png or .svg."),
    "error.bad_format": ("--format {format}: chỉ có {names}.", "--format {format}: there are {names}."),
    "error.which_format": (
        "--out {path}: đuôi tệp không cho biết định dạng; thêm --format ({names}).",
        "--out {path}: the ending does not tell the format; add --format ({names}).",
    ),
    "error.stdin_kind": ("đầu vào chuẩn cần --kind: {names}.", "standard input needs --kind: {names}."),
    "error.stdin_format": ("--stdin-format {format}: chỉ có {names}.", "--stdin-format {format}: there are {names}."),
    "error.bad_lang": ("--lang {text}: chỉ có vi và en.", "--lang {text}: there are vi and en."),
    "usage.options": ("Tùy chọn", "Options"),
    "usage.arguments": ("Đối số", "Arguments"),
    "usage.commands": ("Lệnh", "Commands"),
    "usage.default": ("[mặc định: {{}}]", "[default: {{}}]"),
    "usage.required": ("[bắt buộc]", "[required]"),
    "usage.see": ("Xem: {command} --help", "See: {command} --help"),
    "usage.no_option": ("không có tùy chọn {name}.", "there is no option {name}."),
    "usage.no_command": ("không có lệnh {name}.", "there is no command {name}."),
    "usage.missing": ("thiếu {name}:", "{name} is missing:"),
    "usage.bad_value": ("giá trị của {name} không dùng được:", "the value of {name} cannot be used:"),
    "usage.wrong": ("{name}", "{name}"),
    "error.no_reject": ("không có dòng bị từ chối số {id}.", "no refused row has the number {id}."),
    "error.resend_json": ("{path}:{line}: không phải JSON: {reason}.", "{path}:{line}: not JSON: {reason}."),
    "error.resend_line": (
        "{path}:{line}: mỗi dòng cần reject_id (số), kind và event; xem `truyvet rejects export`.",
        "{path}:{line}: a line needs reject_id (a number), kind and event; see `truyvet rejects export`.",
    ),
    "error.resend_event": (
        "{path}:{line}: event của dòng {id} phải là một đối tượng JSON; hãy viết lại, hoặc xóa dòng này khỏi tệp.",
        "{path}:{line}: the event of row {id} must be a JSON object; write it anew, or take the line out of the file.",
    ),
    "error.resend_twice": ("{path}:{line}: dòng {id} có hai lần.", "{path}:{line}: row {id} is there twice."),
    "error.fix_raw": (
        "dòng {id} không phải đối tượng JSON; hãy dùng `truyvet rejects export` rồi viết lại event.",
        "row {id} is no JSON object; use `truyvet rejects export` and write its event anew.",
    ),
    "error.fix_field": (
        "{text}: cần trường=giá_trị; {kind} có: {names}.",
        "{text}: field=value is needed; {kind} has: {names}.",
    ),
    "error.no_truth": (
        "{path} không có truth/infections.parquet; đánh giá cần một thành phố mẫu (`truyvet city`).",
        "{path} has no truth/infections.parquet; evaluation needs a sample city (`truyvet city`).",
    ),
    "error.needs_out": ("định dạng {format} cần --out TỆP.", "format {format} needs --out FILE."),
    "error.not_empty": (
        "{path} đã có dữ liệu; thêm --force để ghi đè.",
        "{path} is not empty; --force replaces it.",
    ),
    # -- reasons of refused rows: one for each row code ------------------------------------------------
    "reject.missing_field": ("thiếu trường bắt buộc", "a required field is missing"),
    "reject.bad_type": ("giá trị sai kiểu", "a value has the wrong type"),
    "reject.bad_id": ("mã rỗng hoặc dài quá 128 ký tự", "an id is empty or longer than 128 characters"),
    "reject.bad_time": (
        "thời điểm không đúng RFC 3339 hoặc thiếu múi giờ",
        "a moment is not RFC 3339 or has no offset",
    ),
    "reject.in_future": ("thời điểm ở tương lai", "a moment lies in the future"),
    "reject.out_of_bounds": (
        "số ngoài giới hạn (chẳng hạn tọa độ không có trên Trái Đất)",
        "a number is out of bounds (for instance coordinates off the globe)",
    ),
    "reject.bad_choice": ("giá trị không có trong danh sách", "a value is not one of the choices"),
    "reject.self_contact": ("tự tiếp xúc với chính mình", "a person in contact with themselves"),
    "reject.ends_before_start": ("kết thúc trước khi bắt đầu", "ends before it starts"),
    "reject.stay_too_long": ("lượt ở lại dài quá mức", "a stay longer than is believed"),
    "reject.missing_attenuation": (
        "không có attenuation_db, cũng không có rssi_dbm và tx_power_dbm",
        "neither attenuation_db nor rssi_dbm with tx_power_dbm",
    ),
    "reject.no_date": (
        "ca F0 không có ngày xác nhận, khởi phát hay lấy mẫu",
        "a case without confirmed_at, onset_at and sampled_at",
    ),
    "reject.malformed_row": ("dòng không đọc được", "the line cannot be parsed"),
    "reject.malformed_body": ("nội dung không đọc được", "the whole message cannot be read"),
    "reject.retracted": ("sự kiện đã bị rút lại", "the event was retracted"),
    # -- the HTTP API: titles of its own codes, details, parameters ------------------------------------
    "error.unauthorized": ("Chưa xác thực", "Unauthorized"),
    "error.forbidden": ("Không được phép", "Forbidden"),
    "error.method_not_allowed": ("Phương thức không dùng được", "Method not allowed"),
    "error.not_acceptable": ("Không có định dạng này", "Not acceptable"),
    "error.key_in_progress": ("Yêu cầu trước chưa xong", "First request still at work"),
    "error.body_too_large": ("Nội dung quá lớn", "Body too large"),
    "error.unsupported_media_type": ("Kiểu nội dung không nhận", "Unsupported media type"),
    "error.unsupported_encoding": ("Kiểu nén không nhận", "Unsupported encoding"),
    "error.key_reused": ("Khóa đã dùng", "Key used before"),
    "error.internal": ("Lỗi bên trong", "Internal error"),
    "error.not_ready": ("Chưa sẵn sàng", "Not ready"),
    "error.too_slow": ("Nội dung đến quá chậm", "Body too slow"),
    "api.unauthorized": (
        "cần tiêu đề Authorization: Bearer <token>, với token trong tokens.json của máy chủ.",
        "send the header Authorization: Bearer <token>, with a token of the server's tokens.json.",
    ),
    "api.forbidden": (
        "vai trò của token này không được dùng đường dẫn này.",
        "the role of this token may not use this route.",
    ),
    "api.forbidden_kind": (
        "vai trò của token này chỉ được gửi: {kinds}.",
        "the role of this token may only post: {kinds}.",
    ),
    "api.no_route": ("không có đường dẫn này; xem /docs.", "there is no such route; see /docs."),
    "api.method_not_allowed": (
        "đường dẫn này không nhận phương thức đó; xem /docs.",
        "this route does not take that method; see /docs.",
    ),
    "api.not_acceptable": ("chỉ có: {offered}.", "there are only: {offered}."),
    "api.not_ready": (
        "máy chủ đang đọc lại nhật ký hoặc đang dừng; hãy thử lại sau vài giây.",
        "the server is replaying its journal or stopping; try again in a few seconds.",
    ),
    "api.journal": (
        "không đọc hoặc ghi được nhật ký; phần chưa trả lời thì chưa được nhận, hãy gửi lại sau.",
        "the journal cannot be read or written; what was not answered was not accepted, send it again later.",
    ),
    "api.internal": (
        "lỗi ngoài dự kiến, đã ghi lại với mã {id}; hãy báo mã này cho người vận hành.",
        "an unexpected error, logged under {id}; tell the operator this id.",
    ),
    "api.key_in_progress": (
        "yêu cầu đầu tiên với Idempotency-Key này chưa xong; hãy thử lại.",
        "the first request with this Idempotency-Key is not done yet; try again.",
    ),
    "api.key_reused": (
        "Idempotency-Key này đã dùng cho một nội dung khác; hãy dùng khóa mới.",
        "this Idempotency-Key was used for another body; use a new key.",
    ),
    "api.body_too_large": (
        "nội dung vượt quá {limit} byte (sau khi giải nén); hãy chia thành nhiều lần gửi.",
        "the body has more than {limit} bytes (unpacked); send it in several parts.",
    ),
    "api.unsupported_media_type": (
        "Content-Type phải là một trong: {offered}.",
        "Content-Type must be one of: {offered}.",
    ),
    "api.unsupported_encoding": (
        "Content-Encoding chỉ nhận: {offered}, hoặc để trống.",
        "Content-Encoding must be one of: {offered}, or absent.",
    ),
    "api.bad_gzip": (
        "Content-Encoding nói là gzip, nhưng nội dung không phải gzip trọn vẹn.",
        "Content-Encoding says gzip, but the body is not whole gzip.",
    ),
    "api.bad_zstd": (
        "Content-Encoding nói là zstd, nhưng nội dung không phải zstd trọn vẹn (cửa sổ tối đa 8 MiB).",
        "Content-Encoding says zstd, but the body is not whole zstd (windows up to 8 MiB).",
    ),
    "api.not_packed": (
        "Content-Encoding nói là {encoding}, nhưng nội dung có vẻ là {look}.",
        "Content-Encoding says {encoding}, but the body looks like {look}.",
    ),
    "api.too_many_rows": (
        "nội dung có hơn {limit} dòng; hãy chia thành nhiều lần gửi.",
        "the body has more than {limit} rows; send it in several parts.",
    ),
    "api.too_slow": (
        "nội dung đến quá chậm (chờ tối đa {seconds:.0f} giây); hãy gửi lại, chia nhỏ hơn.",
        "the body came too slowly (waited for {seconds:.0f} s at most); send it again, in smaller parts.",
    ),
    "api.busy": (
        "đang có quá nhiều sự kiện chờ; chưa nhận gì cả, hãy gửi lại sau số giây trong Retry-After.",
        "too many events are waiting; nothing was accepted, send again after the seconds in Retry-After.",
    ),
    "api.busy_bodies": (
        "đang nhận quá nhiều nội dung dài; hãy gửi lại sau số giây trong Retry-After.",
        "too many long bodies are being taken in; send again after the seconds in Retry-After.",
    ),
    "api.busy_streams": (
        "đã có {limit} luồng đang mở; hãy đóng bớt.",
        "{limit} streams are open already; close some.",
    ),
    "api.storage_full": (
        "máy chủ hết chỗ lưu trữ; phần chưa trả lời thì chưa được nhận, hãy gửi lại sau.",
        "the server has no room left to store events; what was not answered was not accepted, send it again later.",
    ),
    "api.looks_gzip": (
        "nội dung có vẻ là gzip: hãy thêm Content-Encoding: gzip.",
        "the body looks like gzip: add Content-Encoding: gzip.",
    ),
    "api.looks_zstd": (
        "nội dung có vẻ là zstd: hãy thêm Content-Encoding: zstd.",
        "the body looks like zstd: add Content-Encoding: zstd.",
    ),
    "api.looks_arrow": (
        "nội dung có vẻ là luồng Arrow: hãy dùng Content-Type: application/vnd.apache.arrow.stream.",
        "the body looks like an Arrow stream: send Content-Type: application/vnd.apache.arrow.stream.",
    ),
    "api.looks_arrow_file": (
        "nội dung có vẻ là tệp Arrow: hãy gửi dạng luồng, application/vnd.apache.arrow.stream.",
        "the body looks like an Arrow file: send the stream format, application/vnd.apache.arrow.stream.",
    ),
    "api.looks_parquet": (
        "nội dung có vẻ là Parquet, không nhận qua HTTP: hãy dùng truyvet ingest.",
        "the body looks like Parquet, which is not taken over HTTP: use truyvet ingest.",
    ),
    "api.looks_zip": (
        "nội dung có vẻ là zip hoặc Excel: hãy gửi JSON, NDJSON hoặc Arrow.",
        "the body looks like zip or Excel: send JSON, NDJSON or Arrow.",
    ),
    "api.looks_utf16": (
        "nội dung có vẻ là UTF-16: hãy gửi UTF-8.",
        "the body looks like UTF-16: send UTF-8.",
    ),
    "api.looks_json": (
        "nội dung có vẻ là một tài liệu JSON: hãy dùng Content-Type: application/json.",
        "the body looks like one JSON document: send Content-Type: application/json.",
    ),
    "api.looks_lines": (
        "nội dung có vẻ là JSON từng dòng: hãy dùng Content-Type: application/x-ndjson.",
        "the body looks like lines of JSON: send Content-Type: application/x-ndjson.",
    ),
    "api.looks_markup": (
        "nội dung có vẻ là HTML hoặc XML: hãy gửi JSON, NDJSON hoặc Arrow.",
        "the body looks like HTML or XML: send JSON, NDJSON or Arrow.",
    ),
    "api.looks_text": (
        "nội dung có vẻ là văn bản hoặc CSV: hãy gửi JSON, NDJSON hoặc Arrow.",
        "the body looks like text or CSV: send JSON, NDJSON or Arrow.",
    ),
    "api.looks_binary": (
        "nội dung là dữ liệu nhị phân không rõ loại: hãy gửi JSON, NDJSON hoặc Arrow.",
        "the body is binary data of an unknown kind: send JSON, NDJSON or Arrow.",
    ),
    "api.looks_empty": ("nội dung trống.", "the body is empty."),
    "api.bad_as_of": (
        "as_of: số thứ tự nhật ký hoặc thời điểm RFC 3339 có múi giờ.",
        "as_of: a journal sequence number, or an RFC 3339 moment with offset.",
    ),
    "api.bad_since": (
        "since: số thứ tự nhật ký hoặc thời điểm RFC 3339 có múi giờ.",
        "since: a journal sequence number, or an RFC 3339 moment with offset.",
    ),
    "api.bad_level": ("level: 0, 1 hoặc 2.", "level: 0, 1 or 2."),
    "serve.loading": ("Đang đọc nhật ký", "Replaying the journal"),
    "api.bad_cursor": (
        "cursor: chỉ dùng giá trị next của trang trước.",
        "cursor: use the next of the page before, as it is.",
    ),
    "api.bad_bbox": (
        "bbox: bốn số tây,nam,đông,bắc tính bằng độ, tây <= đông, nam <= bắc.",
        "bbox: four numbers west,south,east,north in degrees, west <= east, south <= north.",
    ),
    "api.bad_format": ("format: phải là một trong: {offered}.", "format: must be one of: {offered}."),
    "api.unknown_case": (
        "không có F0 nào mang mã {asked!r}; GET /v1/cases liệt kê các ca.",
        "no F0 has the id {asked!r}; GET /v1/cases lists them.",
    ),
    "api.unknown_person": (
        "không có sự kiện nào về {asked!r}.",
        "no accepted event names {asked!r}.",
    ),
    "api.unknown_policy": (
        "policy: không có {asked!r}; GET /v1/policies liệt kê các định nghĩa.",
        "policy: there is no {asked!r}; GET /v1/policies lists them.",
    ),
    "api.unknown_kind": (
        "không có loại sự kiện {asked!r}; có: {kinds}.",
        "there is no event kind {asked!r}; there are: {kinds}.",
    ),
    "param.depth": ("số nguyên từ 1 đến 6", "a whole number from 1 to 6"),
    "param.limit": ("số nguyên từ 1 đến 100000", "a whole number from 1 to 100000"),
    "param.resolution": ("số nguyên từ 7 đến 10", "a whole number from 7 to 10"),
    "param.min_probability": ("số từ 0 đến 1", "a number from 0 to 1"),
    "param.until": (
        "thời điểm RFC 3339 có múi giờ, như 2021-07-11T09:30:00+07:00",
        "an RFC 3339 moment with offset, like 2021-07-11T09:30:00+07:00",
    ),
    "param.since": (
        "thời điểm RFC 3339 có múi giờ, như 2021-07-11T09:30:00+07:00",
        "an RFC 3339 moment with offset, like 2021-07-11T09:30:00+07:00",
    ),
    "param.from": (
        "thời điểm RFC 3339 có múi giờ, như 2021-07-11T09:30:00+07:00",
        "an RFC 3339 moment with offset, like 2021-07-11T09:30:00+07:00",
    ),
    "param.to": (
        "thời điểm RFC 3339 có múi giờ, như 2021-07-11T09:30:00+07:00",
        "an RFC 3339 moment with offset, like 2021-07-11T09:30:00+07:00",
    ),
    "param.at": (
        "thời điểm RFC 3339 có múi giờ, như 2021-07-11T09:30:00+07:00",
        "an RFC 3339 moment with offset, like 2021-07-11T09:30:00+07:00",
    ),
    "param.policy": ("tên một định nghĩa của GET /v1/policies", "the name of a policy of GET /v1/policies"),
    "param.case": ("mã của một F0, nhiều nhất 128 ký tự", "the id of an F0, at most 128 characters"),
    "param.bbox": ("bốn số tây,nam,đông,bắc tính bằng độ", "four numbers west,south,east,north in degrees"),
    "param.cursor": ("giá trị next của trang trước", "the next of the page before"),
    "param.Idempotency-Key": ("nhiều nhất 255 ký tự", "at most 255 characters"),
    "param.as_of": (
        "số thứ tự nhật ký hoặc thời điểm RFC 3339 có múi giờ",
        "a journal sequence number, or an RFC 3339 moment with offset",
    ),
    "param.area": ("mã đơn vị hành chính hoặc mã ô H3", "the code of an area, or an H3 cell"),
    "param.heartbeat": ("số nguyên từ 1 đến 300 (giây)", "a whole number from 1 to 300 (seconds)"),
    "param.other": ("giá trị không dùng được; xem /docs", "a value that cannot be used; see /docs"),
    "xlsx.forward": ("Người phơi nhiễm", "Exposures"),
    "xlsx.backward": ("Nguồn lây khả dĩ", "Possible sources"),
    "xlsx.about": ("Về bảng này", "About"),
    "xlsx.case": ("Ca F0", "Case"),
    "xlsx.policy": ("Định nghĩa tiếp xúc", "Contact policy"),
    "xlsx.depth": ("Số cấp", "Levels"),
    "xlsx.start": ("Khoảng lây từ", "Infectious from"),
    "xlsx.end": ("Khoảng lây đến", "Infectious until"),
    "xlsx.infected_from": ("Có thể bị lây từ", "May have been infected from"),
    "xlsx.infected_until": ("Có thể bị lây đến", "May have been infected until"),
    "xlsx.until": ("Dữ liệu đến", "Data until"),
    "xlsx.as_of": ("Số thứ tự nhật ký (as_of)", "Journal sequence (as_of)"),
    "docs.intro": (
        "Mọi đường dẫn dưới /v1 cần Authorization: Bearer <token>. Lỗi: RFC 9457; thời điểm: RFC 3339.",
        "Every route under /v1 needs Authorization: Bearer <token>. Errors: RFC 9457; moments: RFC 3339.",
    ),
    "docs.token": (
        "TOKEN: token của vai trò {role} trong tokens.json.",
        "TOKEN: the token of {role} in tokens.json.",
    ),
    "docs.parameters": ("Tham số", "Parameters"),
    "docs.problems": ("Khi có lỗi", "Other answers"),
    "hexmap.title": ("Thời gian có F0 đang lây, theo ô lục giác", "Where infectious people were, by hexagon"),
    "hexmap.at": (
        "{at} (UTC+07:00) · H3 cấp {resolution} · {cells} ô có F0 trong tầm",
        "{at} (UTC+07:00) · H3 resolution {resolution} · {cells} cells with F0s in reach",
    ),
    "hexmap.score": ("Điểm 0-100", "Score 0-100"),
    "hexmap.none": ("có người qua lại, không F0 trong tầm", "visited, no F0 in reach"),
    "hexmap.note": (
        "Điểm phân tích, không phải cấp độ dịch do cơ quan có thẩm quyền công bố.",
        "An analytic score, not a risk level declared by the authorities.",
    ),
    "hexmap.empty": ("Không có ô nào để vẽ", "No cells to draw"),
    "serve.tokens": ("Token theo vai trò:", "Tokens by role:"),
    "serve.try": ("Thử:", "Try:"),
}


def say(key: str, lang: Lang, **values: object) -> str:
    """The text of ``key`` in ``lang`` with ``{fields}`` filled in.

    Raises:
        BadParameterError: no such key, or a field without a value.
    """
    try:
        vi, en = TEXTS[key]
        return (vi if lang == "vi" else en).format(**values)
    except (KeyError, IndexError) as error:
        raise BadParameterError(f"text {key!r} or its field {error} does not exist") from None


def lang_of(text: str | None) -> Lang:
    """``vi`` for anything that starts with vi (``vi``, ``vi-VN``, ``vi_VN.UTF-8``), else ``en``."""
    return "vi" if (text or "").strip().lower().startswith("vi") else "en"
