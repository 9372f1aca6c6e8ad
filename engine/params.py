"""Every number of science, declared once: value, unit, bounds, meaning, source, and how sure the source is.

``docs/parameters.md`` is generated from this file (``make docs``) and a test fails when they differ.
Marks of certainty: O official text, P paper, C published code, N news, D derived here from such, M from
memory (to be treated as configuration), T a technical choice of ours.
"""

from dataclasses import dataclass, field

REGISTRY: dict[str, "Param"] = {}


@dataclass(frozen=True)
class Param:
    """One declared number. Use ``.value``."""

    name: str
    value: float
    unit: str
    low: float
    high: float
    meaning: str
    source: str
    mark: str

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"{self.name} = {self.value} is outside {self.low}..{self.high}")
        if self.name in REGISTRY:
            raise ValueError(f"{self.name} is declared twice")
        REGISTRY[self.name] = self


# -- radio ---------------------------------------------------------------------------------------------
SCAN_PERIOD_S = Param(
    "scan_period_s", 300, "s", 1, 3600,
    "credited time of one Bluetooth sighting when it does not say (40 s looking, 260 s asleep)",
    "Bluezone app source: ScanBleRun, ScanBleSleep", "C",
)  # fmt: skip
EPISODE_GAP_S = Param(
    "episode_gap_s", 660, "s", 0, 7200,
    "sightings of one pair less than this apart are shown as one encounter (two missed looks)",
    "derived from Bluezone's 5-minute cycle", "D",
)  # fmt: skip
ATTENUATION_SLOPE = Param(
    "attenuation_slope", 0.12705, "ln dB / ln m", 0.01, 1,
    "slope of ln(attenuation) on ln(distance)", "NHS COVID-19 app, published configuration", "C",
)  # fmt: skip
ATTENUATION_AT_1M = Param(
    "attenuation_at_1m", 4.23093, "ln dB", 3, 6,
    "ln(attenuation) at 1 m (68.8 dB)", "NHS COVID-19 app, published configuration", "C",
)  # fmt: skip
BLE_IMMEDIATE_DB = Param(
    "ble_immediate_db", 55, "dB", 20, 100, "upper edge of the immediate bucket",
    "gaen-risk-scoring v2.0, Narrow v2", "C",
)  # fmt: skip
BLE_NEAR_DB = Param(
    "ble_near_db", 67, "dB", 20, 120, "upper edge of the near bucket", "gaen-risk-scoring v2.0, Narrow v2", "C",
)  # fmt: skip
BLE_MEDIUM_DB = Param(
    "ble_medium_db", 75, "dB", 20, 150, "upper edge of the medium bucket",
    "gaen-risk-scoring v2.0, Narrow v2", "C",
)  # fmt: skip
BLE_IMMEDIATE_WEIGHT = Param(
    "ble_immediate_weight",
    1.75,
    "",
    0,
    5,
    "weight of immediate contact",
    "gaen-risk-scoring v2.0, Narrow v2",
    "C",
)
BLE_NEAR_WEIGHT = Param(
    "ble_near_weight", 1.0, "", 0, 5, "weight of near contact", "gaen-risk-scoring v2.0, Narrow v2", "C"
)
BLE_MEDIUM_WEIGHT = Param(
    "ble_medium_weight", 0.33, "", 0, 5, "weight of medium contact", "gaen-risk-scoring v2.0, Narrow v2", "C"
)
BLE_FAR_WEIGHT = Param(
    "ble_far_weight", 0.05, "", 0, 5,
    "weight beyond the medium bucket, for policies whose limit lies further out", "our choice", "T",
)  # fmt: skip

# -- location ------------------------------------------------------------------------------------------
FIX_MAX_GAP_S = Param(
    "fix_max_gap_s", 900, "s", 30, 7200,
    "a fix counts as presence until the person's next fix, at most this long", "our choice", "T",
)  # fmt: skip
FIX_DEFAULT_ACCURACY_M = Param(
    "fix_default_accuracy_m", 50, "m", 1, 1000, "accuracy of a fix that does not say", "our choice", "T"
)
FIX_CELL_RESOLUTION = Param(
    "fix_cell_resolution",
    11,
    "",
    9,
    13,
    "H3 resolution of co-presence cells of fixes",
    "our choice",
    "T",
)
ACCURACY_SIGMAS = Param(
    "accuracy_sigmas", 1.5096, "", 1, 3,
    "accuracy radius (68 %) over the standard deviation per axis of a round Gaussian: sqrt(-2 ln 0.32)",
    "Android Location.getAccuracy: radius of 68 % confidence; Rayleigh quantile", "D",
)  # fmt: skip
FIX_SEARCH_SIGMAS = Param(
    "fix_search_sigmas", 2.0, "", 0, 6,
    "the search radius is the policy's distance plus this many joint standard deviations", "our choice", "T",
)  # fmt: skip
FIX_SEARCH_CAP_M = Param(
    "fix_search_cap_m", 50, "m", 5, 500, "the search radius is never more than this", "our choice", "T"
)
FIX_WEIGHT_FLOOR = Param(
    "fix_weight_floor", 0.01, "", 0, 1,
    "least chance that the true distance was within the policy's, for two fixes to be evidence", "our choice", "T",
)  # fmt: skip
EARTH_RADIUS_M = Param(
    "earth_radius_m", 6_371_007.180918475, "m", 6.3e6, 6.4e6, "authalic radius, as H3 uses", "h3geo.org", "C"
)

# -- infectiousness, incubation, dose ------------------------------------------------------------------
HE_SHAPE = Param(
    "he_shape", 20.516508, "", 1, 100, "gamma shape of infectiousness round onset",
    "He et al. 2020, author correction of August 2020", "P",
)  # fmt: skip
HE_RATE = Param(
    "he_rate", 1.592124, "1/d", 0.1, 10, "gamma rate of infectiousness round onset",
    "He et al. 2020, author correction of August 2020", "P",
)  # fmt: skip
HE_SHIFT_D = Param(
    "he_shift_d", 12.272481, "d", 0, 30, "the gamma starts this long before onset",
    "He et al. 2020, author correction of August 2020", "P",
)  # fmt: skip
ASYMPTOMATIC_FACTOR = Param(
    "asymptomatic_factor", 0.4, "", 0, 1, "infectiousness of an F0 without symptoms, relative to one with",
    "Corona-Warn-App, transmission risk document", "C",
)  # fmt: skip
ASYMPTOMATIC_PEAK_BEFORE_SAMPLE_D = Param(
    "asymptomatic_peak_before_sample_d", 0, "d", -5, 14,
    "an F0 without onset is taken to peak this long before the sample (contacts round the first positive "
    "sample, -3..+3 days, had the highest risk)",
    "Shanghai, 90,885 index cases, BMJ Public Health 2024", "P",
)  # fmt: skip
INCUBATION_MEAN_D = Param("incubation_mean_d", 3.7, "d", 1, 14, "mean incubation, Delta", "Ogata 2022 (Japan)", "P")
INCUBATION_SHAPE = Param(
    "incubation_shape", 7.0, "", 1, 50,
    "gamma shape that puts the 97.5 % point at 6.9 d for that mean", "derived from Ogata 2022", "D",
)  # fmt: skip
RATE_PER_HOUR = Param(
    "rate_per_hour", 0.011, "1/h", 1e-5, 1,
    "hazard of infection per hour of contact of weight 1 at the peak of infectiousness",
    "Ferretti et al., Nature 626:145-150: 1.1 % per hour of exposure", "P",
)  # fmt: skip
INDOOR_REFERENCE_M2 = Param(
    "indoor_reference_m2", 40, "m2", 1, 10_000,
    "a check-in at a place this large weighs 1; larger places weigh in inverse proportion",
    "Wells-Riley: risk goes with 1/volume; 100 m3 at 2.5 m height", "D",
)  # fmt: skip
PLACE_WEIGHT_FLOOR = Param(
    "place_weight_floor", 0.005, "", 0, 1, "least weight of a shared check-in", "our choice", "T"
)
OUTDOOR_FACTOR = Param(
    "outdoor_factor", 0.1, "", 0, 1, "outdoor over indoor transmission of a shared check-in",
    "order of magnitude from Wells-Riley at high air change", "M",
)  # fmt: skip
BACKWARD_WINDOW_D = Param(
    "backward_window_d", 14, "d", 1, 28, "infection is looked for this long before onset (or sample)",
    "incubation range; Bradshaw 2021 on wider windows", "P",
)  # fmt: skip
BURDEN_MEAN_INFECTIOUSNESS = Param(
    "unknown_course_infectiousness", 0.25, "", 0, 1,
    "relative infectiousness of somebody whose course is unknown, as a possible source",
    "mean of the corrected He profile over 14 days round onset, about 7.1 d of peak over 28 d", "D",
)  # fmt: skip

# -- hex scores ----------------------------------------------------------------------------------------
HEX_HALF_LIFE_D = Param(
    "hex_half_life_d", 3.5, "d", 0.5, 14, "half-life of past infectious time in a cell",
    "about one Delta serial interval (3.2-5.2 d); to be fitted", "M",
)  # fmt: skip
HEX_CUT_D = Param(
    "hex_cut_d", 14, "d", 1, 28, "older infectious time counts nothing", "2686/QD-BCDQG: 14-day counts", "N"
)
HEX_RING_1 = Param("hex_ring_1", 0.5, "", 0, 1, "smoothing weight of the first ring", "our choice", "T")
HEX_RING_2 = Param("hex_ring_2", 0.25, "", 0, 1, "smoothing weight of the second ring", "our choice", "T")
HEX_F1_WEIGHT = Param(
    "hex_f1_weight", 0.183, "", 0, 1, "chance that an F1 is infected: weight of its time in the hex score",
    "Shanghai, 90,885 index cases: 18.3 % of contacts became cases, BMJ Public Health 2024", "P",
)  # fmt: skip
HEX_F2_WEIGHT = Param(
    "hex_f2_weight", 0.033, "", 0, 1, "chance that an F2 is infected: that of an F1, squared",
    "derived from hex_f1_weight", "D",
)  # fmt: skip
HEX_PRIOR_H = Param(
    "hex_prior_h", 400, "h", 0, 1e6,
    "footfall that the rate of the parent cell weighs as much as (three people round the clock, decayed)",
    "tuned on ten sample cities, reported on twenty others: docs/accuracy.md", "T",
)  # fmt: skip
HEX_HALF_RATE = Param(
    "hex_half_rate", 0.02, "", 1e-6, 1, "infectious share of person-time that gives score 50",
    "two sample cities: transmissions per hour then grow from band to band: docs/accuracy.md", "T",
)  # fmt: skip
HEX_MIN_FOOTFALL_H = Param(
    "hex_min_footfall_h", 96, "h", 0, 1e6, "smoothed footfall below which a score is marked unreliable",
    "our choice: one person for four days", "T",
)  # fmt: skip
MAP_STEP_S = Param(
    "map_step_s", 900, "s", 1, 86_400, "the live map stands at the end of the running step of this length",
    "our choice", "T",
)  # fmt: skip
PUBLIC_MIN_PEOPLE = Param(
    "public_min_people", 10, "people", 10, 1e6,
    "distinct people behind everything that is published; configuration can only raise it",
    "Washington State Department of Health: counts below 10 are suppressed", "P",
)  # fmt: skip
PUBLIC_MIN_CASES = Param(
    "public_min_cases", 5, "cases", 5, 1e6,
    "distinct F0s behind everything that is published; configuration can only raise it",
    "PEDSnet, UK CPRD, Wisconsin: counts below 5 are suppressed", "P",
)  # fmt: skip
PUBLIC_WINDOW_D = Param(
    "public_window_d", 1, "d", 1, 14, "days that are new in a release of the public map; none is new in two releases",
    "our choice, not longer than the hex score looks back", "T",
)  # fmt: skip
PUBLIC_SETTLE_D = Param(
    "public_settle_d", 2, "d", 0, 7, "days before its publication that a release leaves out, for cases to become known",
    "our choice", "T",
)  # fmt: skip
HEX_BANDS = (50.0, 70.0, 90.0)
"""Lower edges of the bands at risk, high, very high: the index of the national risk map (its page's code)."""

# -- retention -----------------------------------------------------------------------------------------
RETENTION_D = Param(
    "retention_d", 21, "d", 14, 60,
    "raw events tied to no case are kept this long after receipt",
    "incubation of 14 d and a margin of 7 d; England's venue logs and TraceTogether at launch kept 21 d", "P",
)  # fmt: skip

# -- times of the wire ---------------------------------------------------------------------------------
CLOCK_TOLERANCE_S = Param(
    "clock_tolerance_s",
    300,
    "s",
    0,
    86_400,
    "a moment this far after the clock is still believed",
    "our choice",
    "T",
)
MAX_STAY_S = Param(
    "max_stay_s", 30 * 86_400, "s", 3600, 90 * 86_400, "longest stay a check-in may claim", "our choice", "T"
)


@dataclass(frozen=True)
class PlaceKind:
    """What is assumed of a place of this kind when its reference data do not say."""

    name: str
    vi: str
    default_stay_s: int
    default_area_m2: float
    indoor: bool
    crowded: bool = field(default=False)
    """A place of heavy contact in the sense of 2686/QD-BCDQG."""


_H = 3600
PLACE_KINDS: dict[str, PlaceKind] = {
    k.name: k
    for k in (
        PlaceKind("home", "nhà ở", 4 * _H, 60, True),
        PlaceKind("school", "trường học", 4 * _H, 60, True, True),
        PlaceKind("workplace", "nơi làm việc", 4 * _H, 150, True),
        PlaceKind("factory", "nhà máy", 4 * _H, 1000, True, True),
        PlaceKind("market", "chợ", 1 * _H, 2000, False, True),
        PlaceKind("supermarket", "siêu thị", 1 * _H, 1500, True, True),
        PlaceKind("shop", "cửa hàng", _H // 2, 80, True),
        PlaceKind("restaurant", "nhà hàng", 1 * _H, 120, True),
        PlaceKind("cafe", "quán cà phê", 1 * _H, 80, True),
        PlaceKind("karaoke", "karaoke", 2 * _H, 40, True),
        PlaceKind("worship", "nơi thờ tự", 1 * _H, 400, True),
        PlaceKind("hospital", "bệnh viện", 2 * _H, 500, True, True),
        PlaceKind("clinic", "phòng khám", 1 * _H, 80, True),
        PlaceKind("bus", "xe buýt", _H // 2, 25, True),
        PlaceKind("park", "công viên", 1 * _H, 10_000, False),
        PlaceKind("other", "khác", 2 * _H, 200, True),
    )
}
"""Default stays are capped at 2 h, 4 h for home, school and work (DOMAIN 7, from memory: configuration)."""

# -- tables of counts -----------------------------------------------------------------------------------
COUNT_OUTLIER_FLOOR = Param(
    "count_outlier_floor", 500, "people", 1, 1e6, "a day's figure below this is never an outlier", "our choice", "T",
)  # fmt: skip
COUNT_OUTLIER_MEDIANS = Param(
    "count_outlier_medians", 8, "", 1, 1000, "an outlier is at least so many times the median of the days around it",
    "our choice; on the provinces of 2021 it finds the five days marked as suspect by hand, and two more", "T",
)  # fmt: skip
COUNT_OUTLIER_UPPERS = Param(
    "count_outlier_uppers", 3, "", 1, 1000, "and so many times their upper quantile", "our choice", "T",
)  # fmt: skip
COUNT_OUTLIER_QUANTILE = Param(
    "count_outlier_quantile", 0.8, "", 0.5, 1, "which quantile that is", "our choice", "T",
)  # fmt: skip
COUNT_OUTLIER_WINDOW_D = Param(
    "count_outlier_window_d", 7, "d", 2, 60, "days either side that a figure is compared with", "our choice", "T",
)  # fmt: skip
# -- estimates -----------------------------------------------------------------------------------------
RT_PRIOR_SHAPE = Param(
    "rt_prior_shape", 1, "", 0.01, 100, "shape of the gamma prior of the reproduction number",
    "Cori et al. 2013, Am J Epidemiol 178:1505; EpiEstim", "P",
)  # fmt: skip
RT_PRIOR_SCALE = Param(
    "rt_prior_scale", 5, "", 0.01, 100, "scale of the gamma prior of the reproduction number (mean 5, sd 5)",
    "Cori et al. 2013; EpiEstim", "P",
)  # fmt: skip
RT_WINDOW_D = Param(
    "rt_window_d", 7, "d", 1, 60, "days of a window over which the reproduction number is taken to be constant",
    "Cori et al. 2013; EpiEstim", "P",
)  # fmt: skip
RT_POSTERIOR_CV = Param(
    "rt_posterior_cv", 0.3, "", 0.05, 1, "a window whose posterior varies more than this has few cases (fewer than 11)",
    "Cori et al. 2013", "P",
)  # fmt: skip
RT_LATE_DAYS = Param(
    "rt_late_days", 3, "d", 0, 30, "last days of a table of counts that are taken to be incomplete", "our choice", "T",
)  # fmt: skip
SERIAL_MEAN_D = Param(
    "serial_mean_d", 4.5, "d", 1.01, 30, "mean serial interval, Delta, where no pairs tell it",
    "Li 2022 (Guangzhou): 5.19 d falling to 3.78 d; the middle", "D",
)  # fmt: skip
SERIAL_SD_D = Param(
    "serial_sd_d", 2.9, "d", 0.1, 30, "standard deviation of the serial interval, where no pairs tell it",
    "our choice: about two thirds of the mean", "T",
)  # fmt: skip
# -- the sample city -----------------------------------------------------------------------------------
HOUSEHOLD_SIZE_SHARES = (0.11, 0.18, 0.22, 0.24, 0.13, 0.07, 0.03, 0.02)
"""Shares of households of 1, 2, ... 8 people; mean 3.5 as in Ho Chi Minh City (2019 census, from memory)."""
RESULT_DELAY_SHARES = (0.1, 0.7, 0.2)
"""Results 0, 1, 2 days after the sample (Corona-Warn-App, transmission risk document)."""
CITY_APP_SHARE = Param(
    "city_app_share", 0.3685, "", 0, 1, "share of people of the sample city who carry the app",
    "PC-Covid, 9/2/2022: 25.3 M users = 36.85 % of people", "N",
)  # fmt: skip
CITY_IOS_SHARE = Param("city_ios_share", 0.3, "", 0, 1, "share of phones that run iOS", "from memory", "M")
CITY_QR_PEOPLE_SHARE = Param(
    "city_qr_people_share", 0.75, "", 0, 1, "share of people who scan QR codes at all", "our choice", "T"
)
CITY_QR_VISIT_SHARE = Param(
    "city_qr_visit_share",
    0.7,
    "",
    0,
    1,
    "share of such a person's visits that are scanned",
    "our choice",
    "T",
)
CITY_CHECK_OUT_SHARE = Param(
    "city_check_out_share", 0.15, "", 0, 1, "share of check-ins with a time of leaving",
    "check-outs were rare (VnExpress 4361563); the value is our choice", "T",
)  # fmt: skip
CITY_LOCATION_SHARE = Param(
    "city_location_share",
    0.13,
    "",
    0,
    1,
    "share of people whose phone sends location fixes",
    "our choice",
    "T",
)
CITY_DEVICE_DB_SD = Param(
    "city_device_db_sd",
    2.5,
    "dB",
    0,
    15,
    "spread between phones left after calibration, per phone",
    "our choice",
    "T",
)
CITY_BODY_DB_SD = Param(
    "city_body_db_sd", 4.5, "dB", 0, 20, "spread by body position and pocket, constant for 15 minutes of a pair",
    "our choice; with the two others about 7 dB, the size measured between smartphones", "T",
)  # fmt: skip
CITY_LOOK_DB_SD = Param("city_look_db_sd", 4.0, "dB", 0, 20, "spread from look to look (fading)", "our choice", "T")
CITY_PLATFORM_DB_SHARE = Param(
    "city_platform_db_share", 0.25, "", 0, 1,
    "part of Bluezone's 19 dB between platform pairs that calibration leaves", "our choice", "T",
)  # fmt: skip
CITY_RADIO_LIMIT_DB = Param(
    "city_radio_limit_db",
    84,
    "dB",
    60,
    120,
    "attenuation at which half of the looks hear nothing",
    "our choice",
    "T",
)
CITY_MISSED_LOOK_SHARE = Param(
    "city_missed_look_share", 0.4, "", 0, 1, "looks that miss a phone in range", "our choice", "T"
)
CITY_IOS_BACKGROUND_MISS = Param(
    "city_ios_background_miss",
    0.6,
    "",
    0,
    1,
    "further looks that miss an iOS app in the background",
    "our choice",
    "T",
)
CITY_HOME_LOOK_SHARE = Param(
    "city_home_look_share", 0.35, "", 0, 1, "looks at home with both phones at hand and awake, by day",
    "our choice; keeps households from drowning the feed", "T",
)  # fmt: skip
CITY_BLUETOOTH_ON_SHARE = Param(
    "city_bluetooth_on_share", 0.5, "", 0, 1, "four-hour stretches in which a phone's app and Bluetooth run at all",
    "our choice (batteries, stopped apps)", "T",
)  # fmt: skip
CITY_ASLEEP_FACTOR = Param(
    "city_asleep_factor", 0.3, "", 0, 1, "transmission at home, 23:00-06:00, over that by day",
    "breathing emits far fewer quanta than speaking (Aganovic 2022: 0.13, 3.8 /h); the value is our choice", "T",
)  # fmt: skip
CITY_NIGHT_LOOK_SHARE = Param("city_night_look_share", 0.02, "", 0, 1, "looks at home, 23:00-06:00", "our choice", "T")
CITY_CONTACT_M = Param(
    "city_contact_m", 2.0, "m", 0.5, 10, "true distance within which the sample city transmits",
    "3468/QD-BYT: within 2 m, regardless of how long", "N",
)  # fmt: skip
CITY_DELTA_FACTOR = Param(
    "city_delta_factor", 2.5, "", 0.1, 10, "multiplies rate_per_hour in the sample city",
    "our choice: an undetected case infects about 2.7 people, 3.5 with symptoms (Guangzhou, Li 2022: 6.8)", "T",
)  # fmt: skip
CITY_LATENT_D = Param(
    "city_latent_d", 1.0, "d", 1, 5, "nobody infects sooner after infection than this", "our choice", "T"
)
CITY_SYMPTOMATIC_SHARE = Param(
    "city_symptomatic_share",
    0.57,
    "",
    0,
    1,
    "infections that show symptoms",
    "Pham et al. 2020: 43 % asymptomatic",
    "P",
)
CITY_SEEK_TEST_SHARE = Param(
    "city_seek_test_share",
    0.7,
    "",
    0,
    1,
    "people with symptoms who get sampled of their own accord",
    "our choice",
    "T",
)
CITY_ONSET_TO_SAMPLE_D = Param(
    "city_onset_to_sample_d",
    1.8,
    "d",
    0.1,
    10,
    "mean delay from onset to the sample (gamma, shape 2)",
    "our choice",
    "T",
)
CITY_TRACED_SHARE = Param(
    "city_traced_share",
    0.6,
    "",
    0,
    1,
    "household members and workmates of a case whom tracers find",
    "our choice",
    "T",
)
CITY_SEED_SHARE = Param(
    "city_seed_share",
    0.0025,
    "",
    0,
    0.2,
    "people infected from outside in the 8 days before the start",
    "our choice",
    "T",
)
CITY_IMPORT_SHARE = Param(
    "city_import_share", 0.0001, "", 0, 0.1, "people infected from outside on each day", "our choice", "T"
)
