"""The business in numbers: every planted value, in one place.

Change a number here, and the feeds and `truth.json` follow. Days are of the local calendar
(Shanghai, which has one offset all year); amounts are in yuan.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

# -- Time and size ----------------------------------------------------------------------------
TIMEZONE, UTC_OFFSET_HOURS, CURRENCY = "Asia/Shanghai", 8, "CNY"
START = date(2024, 1, 1)
DAYS = 731
"""2024 and 2025."""
BLOCK_VISITORS = 100_000
EVENTS_PER_VISITOR = 64.0
"""Measured; from it follows how many visitors a size needs."""

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
"""Milliseconds."""
START_MS = (START - date(1970, 1, 1)).days * DAY - UTC_OFFSET_HOURS * HOUR
END_MS = START_MS + DAYS * DAY

# -- Arrivals ---------------------------------------------------------------------------------
WEEKDAY_WEIGHTS = np.array([1.0, 0.97, 0.95, 0.98, 1.05, 1.2, 1.15])
"""Monday first."""
MONTH_WEIGHTS = np.array([0.95, 0.8, 1.0, 1.0, 1.05, 1.2, 0.95, 0.95, 1.05, 1.0, 1.3, 1.05])
YEARLY_TREND = 1.3
"""So many times the arrivals, one year later."""
SHOCK_DATE, SHOCK_FACTOR = date(2025, 6, 18), 3.0
"""The sale of the 18th of June brings so many times the arrivals of its day."""


@dataclass(frozen=True)
class Channel:
    """Where visitors come from. `cost` is what an expected arrival costs; one that comes is worth
    some 40 yuan in orders, so that not every channel pays for itself."""

    channel_id: str
    label_en: str
    label_zh: str
    share: float
    sign_up_rate: float
    cost: float = 0.0
    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    referrer: str | None = None


CHANNELS = (
    Channel("direct", "Direct", "直接访问", 0.20, 0.52),
    Channel("search", "Search", "自然搜索", 0.16, 0.48, referrer="https://www.baidu.com/s"),
    Channel("wechat", "WeChat", "微信", 0.22, 0.55, source="wechat", medium="social"),
    Channel("xiaohongshu", "Xiaohongshu", "小红书", 0.14, 0.5, 6.0, "xiaohongshu", "social", "kol"),
    Channel("douyin", "Douyin ads", "抖音广告", 0.16, 0.38, 18.0, "douyin", "cpc", "feed"),
    Channel("baidu_ads", "Baidu ads", "百度推广", 0.12, 0.42, 60.0, "baidu", "cpc", "brand"),
    # Comes from invites, not from arrivals.
    Channel("referral", "Invited by a friend", "好友邀请", 0.0, 1.0, 0.0, "invite", "referral"),
    # Costs money and brings nobody: spend without a conversion stays visible.
    Channel("outdoor", "Outdoor ads", "户外广告", 0.0, 0.0, 10.0, "outdoor", "offline", "subway"),
)
CHANNEL = {each.channel_id: number for number, each in enumerate(CHANNELS)}
AGAIN_TAGGED_RATE = 0.15
"""Later visits that land from a channel again, by the shares of arrivals."""
PLATFORMS = (("ios", 0.34), ("android", 0.44), ("mini_program", 0.16), ("web", 0.06))
CITY_TIERS = (("tier_1", 0.28), ("tier_2", 0.37), ("tier_3", 0.35))
AGE_GROUPS = (("18-24", 0.27), ("25-34", 0.41), ("35-44", 0.22), ("45+", 0.10))
MARKETING_CONSENT_RATE = 0.7

# -- Invites: K = rate × accepted --------------------------------------------------------------
INVITE_RATE, INVITE_ACCEPTED_RATE = 0.8, 0.25
"""Invites of somebody who signed up (Poisson), and how many of these bring a new one."""
INVITE_MEDIAN_DAYS, INVITE_SIGMA, INVITE_MAX_DAYS = 2.0, 0.6, 13.9

# -- Activity ---------------------------------------------------------------------------------
LIFE_TAU, LIFE_BETA = 4.0, 0.8
"""Alive n days after signing up: (1 + n / tau) ** -beta."""
ENGAGEMENT_FLOOR, ENGAGEMENT_SHAPE, ENGAGEMENT_SCALE = 0.45, 1.5, 0.10
"""g = floor + Gamma(shape, scale); active on a day while alive: 1 - exp(-g × weekday). The floor
keeps silences within a life far below the churn limit."""
ACTIVE_WEEKDAYS = np.array([1.0, 0.98, 0.96, 0.98, 1.0, 1.1, 1.12])
CHURN_AFTER_DAYS = 30
RETURN_RATE, TOUCHED_RETURN_RATE = 0.12, 0.18
"""Back within 30 days of churn: left alone, and touched by the win-back message."""
RETURN_DAYS, TOUCHED_RETURN_DAYS = 30, 6
SECOND_LIFE_MEAN_DAYS = 8.0
HOUR_WEIGHTS = np.array(
    [0, 0, 0, 0, 0, 0, 0, 2, 4, 4, 4, 5, 8, 6, 4, 4, 4, 5, 6, 8, 11, 13, 9, 3], dtype=float
)

# -- Pages ------------------------------------------------------------------------------------
PAGES = ("home", "feed", "search", "product", "cart", "checkout", "order_result", "me")
PAGE_MOVES = np.array(
    [  # home  feed  search product cart checkout result me    exit
        [0.00, 0.28, 0.14, 0.18, 0.02, 0.00, 0.00, 0.06, 0.32],
        [0.10, 0.20, 0.04, 0.12, 0.00, 0.00, 0.00, 0.04, 0.50],
        [0.04, 0.04, 0.15, 0.42, 0.00, 0.00, 0.00, 0.00, 0.35],
        [0.06, 0.06, 0.06, 0.16, 0.22, 0.00, 0.00, 0.00, 0.44],
        [0.06, 0.00, 0.00, 0.14, 0.00, 0.45, 0.00, 0.00, 0.35],
        [0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.55, 0.00, 0.45],
        [0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 1.00],
        [0.25, 0.05, 0.00, 0.00, 0.05, 0.00, 0.00, 0.00, 0.65],
    ]
)
"""A visit is a walk over pages, from home; `checkout` loses 45 % of those who get there."""
CHECKOUT_EXIT_RATE = 0.45
ELEMENTS = ("banner", "card", "search_box", "buy_button", "coupon_entry", "submit", "share", "tab")
"""The one that is clicked on each page."""
ELEMENT_CLICK_RATE = 0.12
CATEGORIES = ("food", "home", "beauty", "books", "outdoor_gear")

# -- From signing up to paying ----------------------------------------------------------------
STEP_RATES = (0.70, 0.60, 0.70, 0.68)
"""Product viewed, put into the cart, checked out, paid: each of those before."""
PAID_AT_ONCE_RATE, PAY_DELAY_DAYS = 0.6, 10

# -- Orders: BG/NBD by week, Gamma-Gamma ------------------------------------------------------
UNIT_DAYS = 7
BG_NBD = {"r": 0.8, "alpha": 6.0, "a": 0.8, "b": 2.5}
GAMMA_GAMMA = {"p": 6.0, "q": 4.0, "v": 60.0}
SHOP_VISIT_DAYS = (5, 15)
"""A customer looks into shops every so many days until a little after the last order."""
AFTER_ORDER_DAYS = 5
RATED_RATE = 0.3

# -- Merchants --------------------------------------------------------------------------------
VISITORS_PER_MERCHANT = 60
OWN_SHOP_SHARE = 0.15
"""Orders of the business's own shop, which is no merchant."""
LISTED_RATE, FIRST_SALE_RATE, RETAINED_RATE = 0.8, 0.5, 0.6
"""Of those who signed up; of those who listed; of those who sold."""
RETAINED_FROM_DAYS, RETAINED_TO_DAYS = 28, 55
MERCHANT_ZIPF = 1.0
OTHER_WORLDS = 200
"""Drawn beside this one, for what concentration may be expected."""
REFUND_BETA, COMPLAINT_BETA = (2.0, 38.0), (2.0, 58.0)
"""A merchant's own rate is drawn from these: 5 % and 3.3 % on average."""
CANCELLED_RATE = 0.02
VIOLATIONS_PER_WEEK, VIOLATION_SHAPE = 0.03, 0.5
"""Poisson with a rate that is Gamma over merchants: repeat offenders are few and many-handed."""
RULES = (("late_delivery", 0.5), ("false_claim", 0.3), ("fake_goods", 0.2))
SEVERITIES = (("minor", 0.6), ("major", 0.3), ("critical", 0.1))

# -- Content ----------------------------------------------------------------------------------
VISITORS_PER_PIECE, VISITORS_PER_AUTHOR = 25, 200
AUTHOR_ZIPF, PIECE_ZIPF = 1.1, 0.6
KINDS = (("news", 0.35, 6), ("article", 0.65, 72))
"""Kind of piece, share, half-life of its reads in hours."""
ORIGINS = (("ugc", 0.5, 0.35), ("pgc", 0.35, 0.55), ("ogc", 0.15, 0.65))
"""Origin, share, how many of its reads are finished."""
ORIGINAL_RATE, FIRST_PASS_RATE, ON_TIME_RATE = 0.6, 0.85, 0.7
SHOWN_PER_APP_DAY, READS_PER_APP_DAY = 2.0, 0.25
CLICK_RATES = (0.12, 0.07, 0.04, 0.02)
"""By position, from 1."""
PROGRESS_RATE, SHARE_RATE, RESHARE_RATE = 0.5, 0.06, 0.25
INTERACTIONS = (("content_liked", 0.10), ("content_commented", 0.03),
                ("content_favourited", 0.05), ("author_followed", 0.02))  # fmt: skip
OPENS_PER_SHARE, OPEN_READ_RATE, OPEN_MEAN_MINUTES = 1.2, 0.5, 10


# -- Features ---------------------------------------------------------------------------------
@dataclass(frozen=True)
class Feature:
    """A feature of the app. Of those who sign up after its release so many adopt it."""

    feature_id: str
    label_en: str
    label_zh: str
    released: date
    adopted_rate: float
    again_rate: float
    """Used in the week after a week in which it was used."""


FEATURES = (
    Feature("collections", "Collections", "收藏夹", date(2024, 1, 1), 0.35, 0.6),
    Feature("price_alert", "Price alert", "降价提醒", date(2024, 7, 1), 0.08, 0.3),
)
ADOPT_WINDOW_DAYS, ADOPT_MEAN_DAYS = 28, 7.0
"""Days to the first use: exponential, cut at the window."""


# -- Campaigns --------------------------------------------------------------------------------
@dataclass(frozen=True)
class Campaign:
    """A campaign. `rate` is what the control group does by itself, `lift` what comes on top."""

    campaign_id: str
    label_en: str
    label_zh: str
    kind: str
    channel: str
    starts: date
    ends: date
    budget_per_visitor: float
    goal: str
    control_share: float = 0.0
    rate: float = 0.0
    lift: float = 0.0
    margin_rate: float | None = None
    partner: str | None = None


CAMPAIGNS = (
    Campaign("spring_reading", "Spring reading challenge", "春季阅读挑战", "message", "push",
             date(2024, 4, 8), date(2024, 5, 6), 0.2, "joined", 0.5, 0.10, 0.03),
    Campaign("autumn_notice", "Autumn notice", "秋季通知", "message", "push",
             date(2024, 9, 9), date(2024, 10, 7), 0.1, "joined", 0.5, 0.10, 0.0),
    Campaign("summer_sale", "618 warm-up", "618 预热", "message", "sms",
             date(2025, 5, 26), date(2025, 6, 19), 0.4, "joined", 0.1, 0.10, 0.03),
    Campaign("invite_friends", "Invite friends", "邀请有礼", "invite", "app",
             date(2024, 1, 1), date(2026, 1, 1), 0.3, "accepted"),
    Campaign("anniversary_coupon", "Anniversary coupons", "周年优惠券", "discount", "app",
             date(2025, 3, 3), date(2025, 4, 14), 0.3, "orders", 0.5, margin_rate=0.35),
    Campaign("check_in_autumn", "Autumn check-in", "秋日签到", "check_in", "app",
             date(2025, 9, 1), date(2025, 10, 13), 0.1, "checked_in"),
    Campaign("tea_cobrand", "Tea house co-brand", "茶馆联名", "cobrand", "app",
             date(2025, 10, 13), date(2025, 11, 24), 0.3, "orders", partner="Tea House 茶馆"),
    Campaign("win_back", "We miss you", "召回沉默用户", "message", "sms",
             date(2024, 3, 1), date(2026, 1, 1), 0.1, "returned", 0.5, RETURN_RATE,
             TOUCHED_RETURN_RATE - RETURN_RATE),
    Campaign("city_letter", "Letter to the big cities", "大城市来信", "message", "mail",
             date(2025, 9, 1), date(2026, 1, 1), 0.1, "answered", 0.1, 0.10, 0.03),
)  # fmt: skip
CAMPAIGN = {each.campaign_id: number for number, each in enumerate(CAMPAIGNS)}
MESSAGE_CAMPAIGNS = ("spring_reading", "autumn_notice", "summer_sale")
"""Aimed at who opens the app while they run. The second has no effect, and must show none."""
LETTER_AUDIENCE, LETTER_CITY_TIER = "big_cities", "tier_1"
LETTER_DATES = (date(2025, 9, 1), date(2025, 10, 1), date(2025, 11, 1), date(2025, 12, 1))
"""The lists that the letter goes to: who is of the tier, and agrees."""
COUPON_REDEEMED_RATE, COUPON_DISCOUNT_RATE = 0.6, 0.15
"""Of the orders of somebody who holds a coupon. The coupon brings no order by itself."""
CHECK_IN_JOIN_RATE, CHECK_IN_JOIN_DAYS, CHECK_IN_AGAIN_RATE = 0.3, 14, 0.7
"""Joined in the first days, so that a streak ends by itself before the campaign does."""
COBRAND_ORDER_RATE, COBRAND_AUDIENCE_RATE = 0.3, 0.2

# -- Feedback ---------------------------------------------------------------------------------
FEEDBACK_PER_APP_DAY = 0.02
NPS_SHARES = {"promoters": 0.3, "passives": 0.5, "detractors": 0.2}
FEEDBACK_KINDS = (("nps", 0.5), ("rating", 0.2), ("complaint", 0.1), ("suggestion", 0.12),
                  ("bug", 0.08))  # fmt: skip
ANSWERED_RATE, ANSWER_MEDIAN_HOURS, ANSWER_SIGMA = 0.8, 8.0, 1.0
CLOSED_RATE, RELEASED_RATE = 0.7, 0.4

# -- Targets ----------------------------------------------------------------------------------
TARGET_MONTHS, TARGETS_MET = 12, 7
TARGET_MARGIN = 0.05
"""A target that is met lies so far below what came, one that is missed so far above."""

# -- Dirt -------------------------------------------------------------------------------------
LATE_RATE, LATE_MAX_DAYS = 0.02, 9
DUPLICATE_RATE, REDELIVERED_RATE = 0.005, 0.003
BROKEN_RATE, BROKEN_EVERY_DAYS, BROKEN_PLATFORM = 0.001, 30, "mini_program"
"""On each such day an old client of this platform sends a file of its own, broken rows in it."""
BROKEN_REASONS = (
    "missing_event_name", "missing_actor", "unparseable_occurred_at", "future_occurred_at",
    "future_received_at", "invalid_amount", "foreign_currency", "malformed_row",
)  # fmt: skip
ZONELESS_DAY, TRUNCATED_DAY = 200, 400
SHARED_DEVICES, USERS_PER_SHARED_DEVICE = 2, 5
DIRT_ENDS_DAYS = 12
"""The last days arrive as they should: dirt never moves the end of the data."""
