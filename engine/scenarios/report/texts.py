"""Texts of the report, in Vietnamese and English; a test checks that both have every key and the same fields."""

from engine.texts import Lang, of_table

TEXTS: dict[str, tuple[str, str]] = {
    # -- the page --------------------------------------------------------------------------------------
    "kicker.simulation": ("Kịch bản dịch tễ", "Epidemic scenario"),
    "kicker.study": ("Nghiên cứu định nghĩa tiếp xúc", "Policy study"),
    "nav": ("Trong báo cáo này", "In this report"),
    "figure": ("Hình {n}.", "Figure {n}."),
    "as_table": ("Số liệu của hình", "The figures behind the picture"),
    "section.answer": ("Câu trả lời", "The answer"),
    "section.pictures": ("Diễn biến", "The course of the epidemic"),
    "section.sweep": ("Thay đổi thông số", "Changing settings"),
    "section.chains": ("Chuỗi lây", "Chains of infection"),
    "section.study": ("Tìm được bao nhiêu, tốn bao nhiêu", "What is found, and what it costs"),
    "section.parameters": ("Mọi thông số", "Every parameter"),
    "section.limits": ("Cách đọc và giới hạn", "How to read this, and its limits"),
    "section.again": ("Dữ liệu, phiên bản và cách chạy lại", "Data, versions, and how to run it again"),
    # -- the question ----------------------------------------------------------------------------------
    "question.simulation": (
        "Dịch sẽ diễn ra thế nào trong {days} ngày ở {people}, dưới {variants}? Mỗi phương án được tính {replicates} lần.",
        "How would the epidemic go in {days} days among {people} under {variants}? Each was calculated {replicates} times.",
    ),
    "question.study": (
        "Trên dữ liệu đã ghi, {variants} sẽ tìm được bao nhiêu người nhiễm, và phải cách ly bao nhiêu người?",
        "On the recorded data, how many infected people would {variants} have found, and how many put into quarantine?",
    ),
    "question.people": ("{n} người", "{n} people"),
    "question.some_people": ("những người trong dữ liệu", "the people in the data"),
    "question.variants": ("{n} phương án", "{n} variants"),
    "question.one_variant": ("một phương án", "one variant"),
    "question.definitions": ("{n} định nghĩa", "{n} definitions"),
    "question.one_definition": ("một định nghĩa", "one definition"),
    # -- the answer ------------------------------------------------------------------------------------
    "answer.baseline": (
        "{variant}: {rate} {interval} số người nhiễm (trung vị; 90 % số lần tính nằm trong ngoặc).",
        "{variant}: {rate} {interval} of people are infected (median; 90 % of the replicates lie in the brackets).",
    ),
    "answer.lower": (
        "{variant}: {rate} {interval}; thấp hơn «{baseline}» {points} điểm phần trăm {between}, "
        "và thấp hơn trong {better} số lần tính.",
        "{variant}: {rate} {interval}; {points} percentage points lower than “{baseline}” {between}, "
        "and lower in {better} of the replicates.",
    ),
    "answer.higher": (
        "{variant}: {rate} {interval}; cao hơn «{baseline}» {points} điểm phần trăm {between}, "
        "và thấp hơn chỉ trong {better} số lần tính.",
        "{variant}: {rate} {interval}; {points} percentage points higher than “{baseline}” {between}, "
        "and lower in only {better} of the replicates.",
    ),
    "answer.unclear": (
        "{variant}: {rate} {interval}; không khác rõ so với «{baseline}»: chênh {points} điểm phần trăm {between}, "
        "thấp hơn trong {better} số lần tính.",
        "{variant}: {rate} {interval}; not clearly different from “{baseline}”: {points} percentage points {between}, "
        "lower in {better} of the replicates.",
    ),
    "answer.table": ("Kết quả theo phương án", "Results by variant"),
    "answer.note": (
        "Trung vị của các lần tính; trong ngoặc là khoảng 5-95 % của các lần tính. Chênh lệch được tính theo cặp: "
        "cùng một dãy số ngẫu nhiên cho mọi phương án, nên chênh lệch chỉ do phương án mà có.",
        "Median of the replicates; in brackets their 5-95 % interval. Differences are paired: "
        "every variant meets the same random draws, so that a difference comes from the variant alone.",
    ),
    "answer.wide": (
        "«{path}»: các lần tính chênh nhau nhiều, khoảng rộng; trung vị một mình không đủ để kết luận.",
        "“{path}”: replicates differ widely; the median alone is not enough to conclude from.",
    ),
    "col.variant": ("Phương án", "Variant"),
    "col.attack_rate": ("Tỷ lệ nhiễm", "Attack rate"),
    "col.peak_infectious": ("Đỉnh số người đang lây", "Peak infectious"),
    "col.peak_day": ("Ngày đỉnh", "Peak day"),
    "col.person_days_quarantine": ("Người-ngày cách ly tiếp xúc", "Person-days in quarantine"),
    "col.false_person_days_quarantine": ("trong đó người không nhiễm", "of these, never infected"),
    "col.person_days_isolation": ("Người-ngày cách ly ca bệnh", "Person-days in isolation"),
    "col.traced": ("Người được truy ra", "People traced"),
    "col.tests": ("Xét nghiệm", "Tests"),
    "col.deaths": ("Tử vong", "Deaths"),
    "col.difference": ("Chênh tỷ lệ nhiễm với «{baseline}», điểm %", "Attack rate against “{baseline}”, points"),
    "col.difference_own": ("Chênh tỷ lệ nhiễm, điểm %", "Difference of the attack rate, points"),
    "against": ("so với «{baseline}»", "against “{baseline}”"),
    "col.better": ("Thấp hơn trong (số lần tính)", "Lower in (of replicates)"),
    "baseline": ("mốc so sánh", "baseline"),
    "more_rows": ("Xem cả {n} dòng", "Show all {n} rows"),
    # -- measures, for axes ----------------------------------------------------------------------------
    "measure.infections": ("Người mới nhiễm mỗi ngày", "New infections a day"),
    "measure.infectious": ("Người đang lây", "Infectious people"),
    "measure.cumulative_infections": ("Tổng số người đã nhiễm", "Infections so far"),
    "measure.quarantined": ("Người đang cách ly tiếp xúc", "People in quarantine"),
    "measure.attack_rate": ("Tỷ lệ nhiễm, %", "Attack rate, %"),
    "measure.r": ("R", "R"),
    "measure.person_days_quarantine": ("Người-ngày cách ly", "Person-days in quarantine"),
    "measure.averted": ("Số ca nhiễm tránh được", "Infections averted"),
    "measure.offspring": ("Số người bị một người lây", "People infected by one person"),
    "measure.share_people": ("% số người nhiễm", "% of the infected"),
    "measure.peak_infectious": ("Đỉnh số người đang lây", "Peak infectious"),
    "measure.found_share": ("% số người nhiễm đã tìm được", "% of the infected found"),
    "measure.infected_share": ("Phần F1 bị nhiễm, %", "Infected among F1, %"),
    "measure.f1_case": ("Số F1", "F1"),
    "axis.day": ("Ngày", "Day"),
    # -- pictures: title, how to read, alt ---------------------------------------------------------------
    "picture.infections": ("Ca nhiễm mới mỗi ngày", "New infections each day"),
    "picture.infectious": ("Số người đang lây", "Infectious people"),
    "picture.cumulative_infections": ("Tổng số người đã nhiễm", "Infections so far"),
    "picture.quarantined": ("Số người trong cách ly", "People in quarantine"),
    "picture.r_day": ("R theo ngày", "R by day"),
    "picture.r_cohort": ("R theo ngày bị nhiễm", "R by day of infection"),
    "picture.cost": ("Được và mất", "Benefit against cost"),
    "picture.size": ("Tỷ lệ nhiễm qua từng lần tính", "Attack rate, replicate by replicate"),
    "picture.sweep": ("{measure} theo: {setting}", "{measure} by {setting}"),
    "picture.heat": ("{measure}: {variant}", "{measure}: {variant}"),
    "picture.offspring": ("Mỗi người lây cho bao nhiêu người", "How many each infected person infects"),
    "picture.study_curve": ("Tìm được theo số người phải cách ly", "Infected people found by people in quarantine"),
    "picture.study_frontier": ("Mỗi định nghĩa: tìm được và tốn", "Each definition: yield and burden"),
    "picture.study_share": ("Bao nhiêu F1 thật sự nhiễm", "How many F1 were truly infected"),
    "picture.study_cases": ("Số F1 của mỗi F0", "F1 of each F0"),
    "caption.band": (
        "Đường: trung vị của các lần tính. Dải màu: 5-95 %.",
        "Line: median of the replicates. Band: 5-95 %.",
    ),
    "caption.no_band": ("Đường: trung bình của các lần tính.", "Line: mean of the replicates."),
    "caption.some": (
        "Chỉ vẽ {shown} trong {all} phương án; bảng có đủ.",
        "Only {shown} of the {all} runs are drawn; the table has them all.",
    ),
    "caption.pooled": (
        "Đường: mọi lần tính gộp lại (tổng chia tổng). Dải màu, khi có: 5-95 % của từng lần tính.",
        "Line: all replicates together (ratio of sums). Band, where drawn: 5-95 % of single replicates.",
    ),
    "caption.held": ("Ở mức: {values}.", "At: {values}."),
    "caption.r_day": (
        "Số người mà một người đang lây vào ngày đó sẽ lây, nếu mọi ngày đều như ngày đó. Trên 1 dịch lớn lên, dưới 1 dịch lui.",
        "People whom one infectious person of that day would infect, if all days were like it. Above 1 the epidemic grows.",
    ),
    "caption.r_cohort": (
        "Số người mà một người nhiễm vào ngày đó lây cho đến hết kỳ tính; những ngày cuối, còn thiếu, không vẽ.",
        "People infected, up to the end, by one person infected on that day; the last days, still incomplete, are left out.",
    ),
    "caption.cost": (
        "Càng cao càng tránh được nhiều ca nhiễm; càng sang trái càng ít cách ly. Vạch: 5-95 %. Mốc là «{baseline}».",
        "Higher: more infections averted; further left: less quarantine. Bars: 5-95 %. Compared with “{baseline}”.",
    ),
    "caption.size": (
        "Mỗi chấm là một lần tính; hộp: nửa giữa của các lần tính, vạch đậm: trung vị, râu: 5-95 %.",
        "Each dot is one replicate; box: the middle half, thick line: the median, whiskers: 5-95 %.",
    ),
    "caption.sweep": (
        "Chấm: trung vị tại mỗi giá trị. Dải màu: 5-95 %.",
        "Dots: median at each value. Band: 5-95 %.",
    ),
    "caption.sweep_study": ("Chấm: giá trị tại mỗi điểm.", "Dots: the value at each point."),
    "caption.heat": (
        "Trung vị của các lần tính. Sáng: ít; tối: nhiều; một thang màu cho mọi phương án.",
        "Median of the replicates. Pale: low; dark: high; one scale for all variants.",
    ),
    "caption.heat_fixed": (
        "Các thông số khác giữ ở: {values}.",
        "Other settings are held at: {values}.",
    ),
    "caption.offspring": (
        "Chỉ tính những người nhiễm ít nhất {days} ngày trước khi hết kỳ, để kịp thấy họ lây cho ai. "
        "Chấm cuối: {most} người trở lên.",
        "Only people infected at least {days} days before the end, so that those they infect are seen. "
        "The last dot: {most} or more.",
    ),
    "caption.study_curve": (
        "Cách ly trước những người dễ nhiễm nhất: đường càng dốc lên sớm, mỗi người phải cách ly càng đáng.",
        "The likeliest are put into quarantine first: the earlier a line rises, the more each person in quarantine is worth.",
    ),
    "caption.study_frontier": (
        "Mỗi chấm là một định nghĩa. Đường nối những định nghĩa mà không định nghĩa nào khác vừa tìm được nhiều hơn vừa ít cách ly hơn.",
        "Each dot is a definition. The line joins those that no other one beats both in yield and in burden.",
    ),
    "caption.study_share": (
        "Vạch: khoảng Wilson 95 % của tỷ lệ.",
        "Bars: Wilson 95 % interval of the share.",
    ),
    "caption.study_cases": ("Mỗi chấm là một F0.", "Each dot is one F0."),
    "alt.lines": (
        "Biểu đồ đường theo ngày: {title}. {facts}",
        "Line chart by day: {title}. {facts}",
    ),
    "alt.other": ("Biểu đồ: {title}. {facts}", "Chart: {title}. {facts}"),
    "fact.peak": ("{variant}: cao nhất {value} vào ngày {day}", "{variant}: highest {value} on day {day}"),
    "fact.last": ("{variant}: cuối kỳ {value}", "{variant}: {value} at the end"),
    "fact.value": ("{variant}: {value}", "{variant}: {value}"),
    "fact.pair": ("{variant}: {y} với {x}", "{variant}: {y} at {x}"),
    "r_one": ("R = 1", "R = 1"),
    # -- weekly, chains --------------------------------------------------------------------------------
    "weekly.title": ("Theo tuần", "By week"),
    "weekly.week": ("Tuần", "Week"),
    "weekly.onsets": ("{variant}: đã khởi phát", "{variant}: onsets so far"),
    "weekly.quarantined": ("{variant}: đang cách ly", "{variant}: in quarantine"),
    "chains.mean": ("Trung bình lây cho", "Infects on average"),
    "chains.none": ("Không lây cho ai", "Infects nobody"),
    "chains.eighty": ("Phần người nhiễm gây ra 80 % số ca", "Share of the infected behind 80 % of infections"),
    "chains.most": ("Nhiều nhất", "At most"),
    "chains.generations": ("Số đời lây, trung vị", "Generations, median"),
    "chains.detected": ("Được phát hiện", "Detected"),
    "chains.title": ("Chuỗi lây theo phương án", "Chains by variant"),
    # -- studies ---------------------------------------------------------------------------------------
    "study.best": (
        "{variant}: tìm được {found} trong {all} {infected} ở mức F1 ({sensitivity}), cách ly {quarantined} người, "
        "{person_days} người-ngày; trung bình {per_found} người-ngày cho mỗi {each}.",
        "{variant}: finds {found} of {all} {infected} as F1 ({sensitivity}), puts {quarantined} people into quarantine, "
        "{person_days} person-days; on average {per_found} person-days for each {each}.",
    ),
    "study.whom.transmissions": ("người bị các F0 này lây", "people infected by these F0s"),
    "study.whom.infections": ("người nhiễm sau khi các F0 bắt đầu lây", "people infected since these F0s could infect"),
    "study.whom.later_cases": ("người về sau thành ca bệnh", "people who became cases later"),
    "study.each.found": ("người nhiễm tìm được", "infected person found"),
    "study.each.quarantined": ("người nhiễm trong cách ly", "infected person in quarantine"),
    "col.per_quarantined": ("Người-ngày mỗi người nhiễm trong cách ly", "Person-days per infected in quarantine"),
    "study.pairs": (
        "F1 và F2 đếm theo cặp F0 và người: ai tiếp xúc ba F0 được đếm ba lần; người phải cách ly chỉ đếm một lần.",
        "F1 and F2 count pairs of an F0 and a person: a contact of three F0s counts three times; a person in quarantine once.",
    ),
    "study.table": ("Theo định nghĩa", "By definition"),
    "study.truth.transmissions": (
        "«Người nhiễm» là người thật sự bị chính các F0 này lây, theo dữ liệu sự thật.",
        "“Infected” means truly infected by these cases, according to the truth given.",
    ),
    "study.truth.infections": (
        "«Người nhiễm» là người thật sự nhiễm trong thời gian ấy, theo dữ liệu sự thật.",
        "“Infected” means truly infected at that time, according to the truth given.",
    ),
    "study.truth.later_cases": (
        "«Người nhiễm» là người về sau được xác nhận là ca bệnh: người nhiễm không bao giờ được phát hiện thì không đếm được.",
        "“Infected” means confirmed as a case later on: infections that were never detected are not counted.",
    ),
    "study.gain": ("Mỗi kênh thêm được gì", "What each channel adds"),
    "study.gain_note": (
        "Chênh lệch giữa hai định nghĩa chỉ khác nhau ở kênh đó.",
        "Differences between two definitions that differ in that channel only.",
    ),
    "col.without": ("Khi chưa có kênh", "Without it"),
    "col.channel": ("Thêm kênh", "Channel added"),
    "col.f1": ("F1", "F1"),
    "col.f2": ("F2", "F2"),
    "col.infected_f1": ("F1 nhiễm", "Infected among F1"),
    "col.infected_share": ("Tỷ lệ [Wilson 95 %]", "Share [Wilson 95 %]"),
    "col.quarantined": ("Người phải cách ly", "To quarantine"),
    "col.person_days": ("Người-ngày", "Person-days"),
    "col.per_found": ("Người-ngày mỗi người nhiễm", "Person-days per infected found"),
    "col.delay": ("Chậm, ngày [tứ phân vị]", "Delay, days [quartiles]"),
    "col.sensitivity": ("Độ nhạy", "Sensitivity"),
    "channel.bluetooth": ("Bluetooth", "Bluetooth"),
    "channel.check_in": ("quét mã", "check-in"),
    "channel.location": ("vị trí", "location"),
    # -- parameters ------------------------------------------------------------------------------------
    "col.setting": ("Thông số", "Setting"),
    "col.setting_file": ("Tệp", "File"),
    "col.value": ("Giá trị", "Value"),
    "col.unit": ("Đơn vị", "Unit"),
    "col.source": ("Nguồn", "Source"),
    "source.file": ("đặt trong tệp", "set in the file"),
    "source.file_of": ("đặt trong tệp; tệp dẫn: {source}", "set in the file, which names: {source}"),
    "source.default": ("mặc định của mô hình, lựa chọn của chúng tôi", "default of the model, our choice"),
    "source.rule": ("quy tắc mặc định của mô hình", "default rule of the model"),
    "source.estimated": ("ước lượng từ dữ liệu", "estimated from the data"),
    "parameters.note": (
        "Đây là bản gốc; phương án chỉ thay những gì ghi ở trên. Biện pháp không có tên ở đây thì không áp dụng.",
        "This is the base; variants change only what is said above. Measures not named here are not in use.",
    ),
    "parameters.swept": ("Các giá trị đã thử", "The values that were tried"),
    "parameters.base": ("Bản gốc", "The base"),
    "parameters.variants": ("Các phương án thay đổi gì", "What the variants change"),
    "parameters.nothing": ("không thay đổi gì", "changes nothing"),
    "parameters.item": ("{part} {n}", "{part} {n}"),
    "marks.title": ("Độ chắc của nguồn", "Certainty of the sources"),
    "mark.O": ("văn bản chính thức", "official text"),
    "mark.P": ("bài báo khoa học", "scientific paper"),
    "mark.C": ("mã nguồn hoặc cấu hình đã công bố", "published code or configuration"),
    "mark.N": ("báo chí", "news"),
    "mark.D": ("suy ra từ các nguồn trên", "derived from such sources"),
    "mark.M": ("theo trí nhớ, nên xem là cấu hình", "from memory: to be treated as configuration"),
    "mark.T": ("lựa chọn kỹ thuật của chúng tôi", "a technical choice of ours"),
    "value.yes": ("có", "yes"),
    "value.no": ("không", "no"),
    "value.none": ("không đặt", "not set"),
    "value.all": ("tất cả", "all"),
    "value.nobody": ("không", "none"),
    "value.to_end": ("hết kỳ", "the end"),
    "value.gone": ("không áp dụng", "not in use"),
    "value.named": ("{n} người (không nêu tên ở đây)", "{n} people (not named here)"),
    "value.as_isolation": ("như cách ly ca bệnh", "as isolation of cases"),
    "value.first_day": ("ngày đầu của dữ liệu, nhiều nhất 28 ngày", "the first day of the data, at most 28 days"),
    "value.last_day": ("ngày cuối của dữ liệu", "the last day of the data"),
    "value.all_data": ("mọi dữ liệu", "all data"),
    "value.later_cases": ("ai về sau thành ca bệnh", "who became a case later"),
    "value.no_limit": ("không giới hạn", "no limit"),
    "value.as_policy": ("như định nghĩa", "as the definition says"),
    "value.on_day": ("ngày {day}: {n}", "day {day}: {n}"),
    "dist.fixed": ("đúng {a}", "exactly {a}"),
    "dist.weibull": ("Weibull, hình dạng {a}, tỷ lệ {b}", "Weibull, shape {a}, scale {b}"),
    "dist.gamma": ("gamma, trung bình {a}, hình dạng {b}", "gamma, mean {a}, shape {b}"),
    "dist.lognormal": ("log-chuẩn, µ {a}, σ {b}", "log-normal, µ {a}, σ {b}"),
    "dist.exponential": ("mũ, trung bình {a}", "exponential, mean {a}"),
    "dist.uniform": ("đều, từ {a} đến {b}", "uniform, {a} to {b}"),
    "dist.shares": ("tỷ lệ của 0, 1, 2 ... ngày: {a}", "shares of 0, 1, 2 ... days: {a}"),
    # -- limits ----------------------------------------------------------------------------------------
    "limit.interval": (
        "Khoảng 5-95 % chỉ nói kết quả dao động bao nhiêu do may rủi, khi các thông số đúng như đã đặt. "
        "Nó không nói các thông số đúng đến đâu: điều đó phải xem bằng cách thay đổi thông số.",
        "The 5-95 % interval says how much results vary by chance while the parameters are exactly as set. "
        "It is not the uncertainty of the parameters: that is seen by changing them (sweep).",
    ),
    "limit.contacts": (
        "Tiếp xúc được quan sát không phải mọi tiếp xúc: người không có điện thoại, không quét mã, không vào bảng thì không thấy.",
        "Observed contacts are not all contacts: people without a phone, a scan or a row in the table are not seen.",
    ),
    "limit.behaviour": (
        "Người ta trong mô hình không tự đổi hành vi khi dịch lên; ngoài các biện pháp đã nêu, họ gặp nhau như đã quan sát.",
        "People in the model do not change their ways as the epidemic grows; but for the measures they meet as observed.",
    ),
    "limit.repeat": (
        "Khi kỳ tính dài hơn số ngày quan sát, các ngày quan sát được lặp lại; một mạng không có ngày lặp lại mỗi ngày.",
        "Where the run is longer than the days observed, these are repeated; a network without dates is the same every day.",
    ),
    "limit.paired": (
        "So sánh giữa các phương án vững hơn từng con số riêng: sai của mô hình phần lớn chung cho mọi phương án.",
        "Comparisons between variants are firmer than single numbers: most errors of the model are common to all of them.",
    ),
    "limit.quarantine": (
        "Ở ít nhất một phương án, người đang cách ly vẫn lây cho người khác (quy tắc của Firth và cộng sự, 2020).",
        "In at least one variant quarantined people still infect others (the published rule of Firth et al. 2020).",
    ),
    "limit.forecast": (
        "Đây không phải dự báo. Nó trả lời: nếu mọi thứ như đã giả định, phương án nào hơn phương án nào, và hơn bao nhiêu.",
        "This is not a forecast. It answers: if all is as assumed, which variant does better, and by how much.",
    ),
    "limit.study_recorded": (
        "Nghiên cứu này chấm điểm các định nghĩa trên dữ liệu đã ghi; nó không tính đến việc cách ly khác đi thì dịch cũng diễn ra khác đi.",
        "The study scores definitions on what was recorded; that the epidemic itself would have gone otherwise is not in it.",
    ),
    "limit.study_wilson": (
        "Khoảng Wilson nói tỷ lệ dao động bao nhiêu do số người ít; người nhiễm không được xác nhận vẫn nằm ngoài.",
        "The Wilson interval says how much a share varies because people are few; unconfirmed infections stay outside it.",
    ),
    "limit.study_delay": (
        "Độ chậm tính từ lúc tiếp xúc đầu đến lúc có thể tìm ra; thời gian gọi điện, đến nhà không có trong đó.",
        "Delay runs from the first exposure to when the person could be found; calls and visits are not in it.",
    ),
    # -- data, versions ----------------------------------------------------------------------------------
    "fact.name": ("Tên kịch bản", "Scenario"),
    "fact.hash": ("Dấu vân của kịch bản", "Hash of the scenario"),
    "fact.data": ("Dấu vân của dữ liệu", "Fingerprint of the data"),
    "fact.people": ("Số người", "People"),
    "fact.days": ("Số ngày", "Days"),
    "fact.replicates": ("Số lần tính mỗi phương án", "Replicates of each variant"),
    "fact.study.data": ("Dữ liệu tính đến", "Data up to"),
    "fact.study.replicates": ("Số lần bỏ bớt thiết bị ngẫu nhiên", "Random thinnings of devices"),
    "fact.seed": ("Hạt giống ngẫu nhiên", "Random seed"),
    "fact.started_at": ("Bắt đầu tính", "Started"),
    "fact.finished_at": ("Tính xong", "Finished"),
    "fact.versions": ("Phiên bản", "Versions"),
    "fact.source": ("Kịch bản dẫn", "The scenario names"),
    "fact.source_data": ("Dữ liệu", "Data"),
    "again.how": (
        "Tệp scenario.yml nằm cùng thư mục với báo cáo này. Cùng tệp, cùng dữ liệu, cùng phiên bản thì ra cùng con số, với bao nhiêu luồng cũng vậy.",
        "scenario.yml lies in the same folder as this report. The same file, data and versions give the same numbers, on any number of threads.",
    ),
    "again.file": ("Kịch bản đã chạy", "The scenario as it was run"),
    "again.hidden": (
        "Tệp kịch bản nêu đích danh người, nên không in ra ở đây; nó nằm trong scenario.yml cùng thư mục.",
        "The scenario file names people, so it is not printed here; it lies beside this report as scenario.yml.",
    ),
    "again.tables": ("Bảng số liệu trong thư mục", "Tables in the folder"),
    "warnings": ("Lưu ý", "Please note"),
    "few": (
        "Chỉ có {n} lần tính: hai đầu của khoảng 5-95 % còn rất thô; hãy chạy ít nhất 50 lần trước khi so sánh.",
        "Only {n} replicates: the ends of the 5-95 % ranges are rough; run at least 50 before comparing.",
    ),
    "stopped_early": (
        "Dừng sớm khi đủ chính xác: {runs}.",
        "Stopped early, precise enough: {runs}.",
    ),
    "made": ("Lập bởi truyvet", "Made by truyvet"),
}


def text(key: str, lang: Lang, **values: object) -> str:
    """The text of ``key`` in ``lang`` with ``{fields}`` filled in; raises as :func:`engine.texts.of_table`."""
    return of_table(TEXTS, key, lang, **values)
