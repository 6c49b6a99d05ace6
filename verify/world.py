"""A small product's months, drawn at random: its feeds, and definitions that read all of them.

Made to be difficult: people share devices and change them, events tie to the second, some have
no id, come months after they occurred, or cannot be read; refunds come from other people than
their orders; users change their properties; one person never pauses.
"""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

Row = dict[str, Any]

START = datetime(2023, 10, 1)
DAYS = 150
EVENTS_AT_SCALE_1 = 1500
_PEOPLE_A_THOUSAND_EVENTS = 400
_MARATHON_EVENTS = 300

_CONTENT_ROLES = {
    "show": "exposure", "tap": "click", "read": "read_start", "read_on": "read_progress",
    "read_out": "read_finish", "like": "like", "comment": "comment", "favourite": "favourite",
    "follow": "follow", "share": "share", "share_open": "share_open",
    "submit": "submit", "approve": "approve", "reject": "reject", "publish": "publish",
    "unpublish": "unpublish", "reward": "creator_reward",
}  # fmt: skip
_PLATFORM_ROLES = {
    "list_item": "listing", "fulfil": "fulfil", "cancel": "cancel", "complain": "complaint",
    "rate": "rating", "look": "demand",
}  # fmt: skip
_OF_STAFF = ("approve", "reject", "reward")
_PIECES = 12
SEEDS = {
    "event_names": (
        "event_name,label_en,label_zh,area,role,is_activity,is_key_action\n"
        "order,Order,下单,product,order,,true\n"
        "refund,Refund,退款,product,refund,,\n"
        "push,Push,推送,campaign,exposure,false,true\n"
        "view,View,浏览,product,page_view,,\n"
        "open,Open,打开,product,element_click,,\n"
        "invite,Invite,邀请,user,invite,,\n"
        "accept,Accept,接受邀请,user,invite_accept,,\n"
        "coupon,Coupon,发券,campaign,coupon_issued,false,\n"
        "redeem,Redeem,核销,campaign,coupon_redeemed,,\n"
        "check_in,Check in,签到,user,check_in,,\n"
        "message,Message,消息,user,message_sent,false,\n"
        "use,Use,使用,product,feature_use,,\n"
        + "".join(f"{name},,,platform,{role},,\n" for name, role in _PLATFORM_ROLES.items())
        + "".join(
            f"{name},,,content,{role},{'false' if name in _OF_STAFF else 'true'},\n"
            for name, role in _CONTENT_ROLES.items()
        )
    ),
    "activities": (
        "activity_id,label_en,label_zh,event_name,new_by\n"
        "any,,,,\nbuy,,,order,\nsigned,,,,created_at\n"
    ),
    "stickiness": (
        "stickiness_id,activity_id,interval,period\nweekly,any,day,week\nrolling,buy,day,28_days\n"
    ),
    "currency_rates": "currency,rate,valid_from_date\nEUR,1.1,2023-09-01\nEUR,1.2,2024-01-01\n",
    "funnels": (
        "funnel_id,window_seconds,breakdown,breakdown_attribution\n"
        "buying,604800,event:platform,first\nagain,,,\nby_plan,,user:plan,last\n"
    ),
    "funnel_steps": (
        "funnel_id,step_number,event_name\nbuying,1,open\nbuying,2,view\nbuying,3,order\n"
        "again,1,order\nagain,2,order\nby_plan,1,open\nby_plan,2,order\n"
    ),
    "paths": (
        "path_id,anchor_event,direction,item_event,repeats,scope\nvisits,,after,,last,session\n"
        "around,order,both,open|view,first,user\n"
    ),
    "channels": (
        "rule_number,channel_id,is_direct,utm_source,utm_medium,source_category\n"
        "3,direct,true,(none),(none),\n1,ads,,,c.*,\n2,mail,,mail|letter,,\n4,search,,,,search\n"
    ),
    "source_categories": "utm_source,source_category\nsearch.example,search\n",
    "conversions": (
        "conversion_id,event_name,value,counting,lookback_days,path_since,repeats,direct\n"
        "orders,order,,,,,,\nfirsts,order,none,first,7,previous_conversion,first,ignore\n"
        "views,view,event:variant,,3,previous_conversion,each,\n"
    ),
    "campaign_measures": (
        "measure_id,campaign_id,kind,event_name,value,denominator_event_name,window_days,pre_days\n"
        "bought,,proportion,order,,,14,14\nspend,,mean,order,event:amount,,7,7\n"
        "per_view,c1,ratio,order|refund,event:amount,view,30,\nactive,,mean,*,,,3,3\n"
    ),
    "survivals": (
        "survival_id,subject,start_event,end_event,max_days,breakdown\n"
        "to_order,user,open,order,60,event:platform\nto_refund,user,*,refund,,user:plan\n"
        "shops,merchant,view,order|refund,,event:page|user:plan\npieces,content,view,*,30,\n"
        "whole_pieces,content,,order,,\ndaily,streak,,,5,\nviewing,streak,view,,,event:platform\n"
    ),
    "features": (
        "feature_id,event_name,eligible_event,released_at,adopt_uses,window_days,campaign_id\n"
        "map,,,2023-11-20 13:00,2,14,c0\nlist,,,,,,\nviewing,view|use,order,2024-01-01,,7,\n"
    ),
    "kpis": (
        "kpi_id,parent_kpi_id,kind,event_name,property,mart_column,drivers,segment_by,"
        "is_mix_split,method\nspend,,product,,,,buyers|spend_per_buyer,event:platform,true,\n"
        "buyers,spend,users,order,,,,,,\nspend_per_buyer,spend,ratio,,,,ordered|buyers,,,lmdi\n"
        "ordered,spend,sum,order,event:amount,,,user:plan,,\nactive,spend,users,,,,,,,\n"
        "events,spend,count,*,,,,,,\nnet,spend,mart,,,mart_sales_periods.net_amount,,,,\n"
        "left,spend,difference,,,,ordered|net,,,\n"
    ),
    "filters": (
        "definition,definition_id,scope,property,operator,value\n"
        "conversion,views,,platform,is,web\nmeasure,bought,,platform,is_set,\n"
        "survival,pieces,,platform,is_set,\nfeature,viewing,,platform,is_set,\n"
        "kpi,events,,platform,is_set,\n"
        "profile_tag,buyers,user,order_count,gte,2\nprofile_tag,buyers,user,plan,is_not,free\n"
        "profile_tag,silent,user,silent_days,gt,3\n"
    ),
    "profile_tags": "tag_id\nbuyers\nsilent\n",
    "value_models": (
        "model_id,unit_days,transaction_parameters,spend_parameters\n"
        "given,1,r=0.5|alpha=5|a=0.8|b=2.5,p=6|q=4|v=15\nfitted,,,\n"
    ),
    "retentions": (
        "retention_id,cohort_event,cohort_mode,return_event,granularity,periods\n"
        "week,*,first_matching,*,week,8\nbuyers,order,recurring,order,month,4\n"
    ),
}

# Once made they stand, so that a warehouse of its own has them of the archive alone.
LISTS = {
    "audiences": (
        "audience_id,campaign_id,schedule,starts_at,ends_at,consent_default,cap_messages,"
        "holdout_rate\nmonthly,c0,month,,,true,1,0.3\n"
        "pro,c4,2023-11-05|2024-01-10T08:00:00Z|2024-02-20,,,true,,\neverybody,,week,2024-01-20,,,,\n"
    ),
    "filters": SEEDS["filters"]
    + "audience,pro,user,plan,is,paid\naudience,monthly,user,plan,is_not,paid\n",
}


def write_world(folder: Path, seed: int, scale: float) -> None:
    """Write the feeds of a world below `folder/raw`, its definitions below `folder/seeds`."""
    for feed, rows in draw_world(random.Random(f"world {seed}"), scale).items():
        path = folder / "raw" / feed / "all.jsonl"
        path.parent.mkdir(parents=True)
        lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    seeds = folder / "seeds"
    seeds.mkdir()
    for name, text in {**SEEDS, **LISTS}.items():
        (seeds / f"{name}.csv").write_text(text, encoding="utf-8")


def draw_world(draw: random.Random, scale: float) -> dict[str, list[Row | str]]:
    """Rows by feed; a row that is text is a broken line."""
    count = max(int(EVENTS_AT_SCALE_1 * scale), 20)
    people = max(count * _PEOPLE_A_THOUSAND_EVENTS // 1000, 3)
    world: dict[str, list[Row | str]] = {
        "events": [*_events(draw, count, people), *_marathon(), *_unusable(draw)],
        "users": _users(draw, people),
        "campaigns": _campaigns(),
        "campaign_assignments": _assignments(draw, people),
        "channel_costs": [
            {
                "cost_date": f"{START + timedelta(days=day):%Y-%m-%d}",
                "utm_source": draw.choice(["search", "social"]),
                "cost_amount": draw.choice(["10", "12.5", "not much"]),
                "currency": draw.choice([None, "EUR", "XYZ"]),
                "cost_id": draw.choice([None, f"cost {day}"]),
                "campaign_id": draw.choice([None, f"c{draw.randrange(5)}"]),
            }
            for day in range(DAYS)
        ],
        "feedback": [_feedback(draw, people) for _ in range(people)],
        "merchants": [
            {
                "merchant_id": f"m{number % 11}",
                "opened_at": (START + timedelta(days=number)).isoformat() if number % 4 else None,
                "updated_at": (START + timedelta(days=number)).isoformat(),
            }
            for number in range(20)
        ],
    }
    # Of days and of months; some said again, some of nothing that there is.
    world["kpi_targets"] = [
        {
            "kpi_id": ("spend", "buyers", "spend_per_buyer", "ordered", "none")[number % 5],
            "period_start_date": f"{start:%Y-%m-%d}",
            "period_end_date": f"{start + timedelta(days=30 * (start.day == 1)):%Y-%m-%d}",
            "target_value": number * 7 % 40 - 3,
            "updated_at": f"{START + timedelta(days=number % 3):%Y-%m-%d}",
        }
        for number in range(3 * DAYS)
        for start in [START + timedelta(days=number * 3 // 7)]
    ]
    world["events"] += _of_campaigns(draw, count // 4, people)
    world["contents"] = [_content(draw, people) for _ in range(2 * _PIECES)]
    world["events"] += _of_contents(draw, count // 3, people)
    world["events"] += _of_features(draw, count // 8, people)
    world["events"] += _of_platform(draw, count // 5, people)
    world["rule_violations"] = [_violation(draw) for _ in range(people // 2)]
    world["consents"] = [_consent(draw, people) for _ in range(people)]
    return world


def _events(draw: random.Random, count: int, people: int) -> list[Row]:
    rows = []
    for number in range(count):
        person = draw.randrange(people)
        device = draw.choice([person, person, person + people // 3, draw.randrange(people + 9)])
        at = START + timedelta(
            days=draw.choice([draw.randrange(DAYS), person * DAYS // people]),
            seconds=draw.choice([0, 60, 1800, draw.randrange(86400)]),
        )
        late = timedelta(
            minutes=draw.randrange(600), days=draw.choice([0, 0, 0, 0, draw.randrange(90)])
        )
        name = draw.choice(["open", "open", "view", "view", "order", "refund", "push"])
        is_money = name in ("order", "refund")
        is_known = draw.random() < 0.6
        rows.append(
            {
                "event_id": f"e{number}" if draw.random() < 0.97 else None,
                "event_name": name,
                "occurred_at": at.isoformat(),
                "received_at": (at + late).isoformat() if draw.random() < 0.9 else None,
                "user_id": f"u{person}" if is_known else None,
                "anonymous_id": f"d{device}" if not is_known or draw.random() < 0.5 else None,
                "platform": draw.choice(["ios", "web", None]),
                "page": draw.choice(["/", "/list", "/item", None]),
                "feature_id": f"f{number % 5}" if number % 3 else None,
                "content_id": f"p{number % 14}" if number % 4 else None,
                "merchant_id": f"m{number % 9}" if number % 5 else None,
                "utm_source": draw.choice([None, None, None, "Mail", "ads", "(direct)"]),
                "utm_medium": draw.choice([None, None, None, None, "cpc"]),
                "referrer": draw.choice([None, None, "https://www.search.example/?q=1", "/list"]),
                "campaign_id": f"c{draw.randrange(5)}" if name == "push" else None,
                "order_id": f"o{draw.randrange(count // 6)}" if is_money else None,
                "amount": draw.choice(["9.99", "20", "0"]) if is_money else None,
                "currency": draw.choice(["USD", "EUR", None]) if is_money else None,
                "properties": draw.choice([None, {"variant": draw.choice("ab")}]),
            }
        )
    return rows


def _feedback(draw: random.Random, people: int) -> Row:
    submitted = START + timedelta(seconds=draw.randrange(DAYS * 86400))
    return {
        "feedback_id": draw.choice([None, f"f{draw.randrange(people)}"]),
        "user_id": f"u{draw.randrange(people)}",
        "submitted_at": submitted.isoformat(),
        "kind": draw.choice([None, "nps", "NPS", "rating"]),
        "score": draw.choice([None, "9", "7.5", "0", "11"]),
        "tags": draw.choice([None, "price", "price|speed", "speed | speed|"]),
        "closed_at": (submitted + timedelta(days=9)).isoformat() if submitted.second % 2 else None,
        "answered_at": draw.choice([None, (submitted + timedelta(hours=3)).isoformat()]),
        "release_id": draw.choice([None, "r1"]),
        "updated_at": draw.choice([None, submitted.isoformat()]),
    }


def _of_campaigns(draw: random.Random, count: int, people: int) -> list[Row]:
    """What people do in campaigns, signed in or on their device, on days that follow each other."""
    rows = []
    for number in range(count):
        person = draw.randrange(people)
        at = START + timedelta(days=draw.randrange(DAYS // 8) * 8 + draw.randrange(3))
        at += timedelta(minutes=draw.choice([0, 30, draw.randrange(1440)]))
        name = draw.choice(
            ["invite", "accept", "coupon", "redeem", "check_in", "check_in", "order"]
        )
        if number % 9 == 0:
            name = "message"
        is_known = draw.random() < 0.6
        rows.append(
            {
                "event_id": f"c{number}",
                "event_name": name,
                "occurred_at": at.isoformat(),
                "user_id": f"u{person}" if is_known else None,
                "anonymous_id": None if is_known else f"d{person}",
                "campaign_id": f"c{draw.randrange(5)}",
                "order_id": f"o{draw.randrange(count)}" if name in ("redeem", "order") else None,
                "amount": draw.choice(["9.99", "20"]) if name in ("redeem", "order") else None,
                "properties": {
                    "invite_id": f"i{draw.randrange(9)}",
                    "inviter_id": f"u{draw.randrange(people)}",
                    "discount_amount": draw.choice(["1", "2.5", "much"]),
                },
            }
        )
    return rows


def _content(draw: random.Random, people: int) -> Row:
    """A version of a piece; of some only events say that they are there."""
    day = START + timedelta(days=draw.randrange(DAYS))
    return {
        "content_id": f"p{draw.randrange(_PIECES)}",
        "author_id": draw.choice([None, f"u{draw.randrange(people)}", f"u{draw.randrange(3)}"]),
        "category": draw.choice([None, "news", "food"]),
        "origin": draw.choice([None, "ugc", "UGC", "pgc"]),
        "is_original": draw.choice([None, "true", "false", "perhaps"]),
        "planned_at": draw.choice([None, day.isoformat(), "next week"]),
        "published_at": draw.choice([None, None, (day + timedelta(hours=30)).isoformat()]),
        "unpublished_at": draw.choice([None, None, (day + timedelta(days=50)).isoformat()]),
        "updated_at": draw.choice([None, day.isoformat()]),
    }


def _of_contents(draw: random.Random, count: int, people: int) -> list[Row]:
    """What people do with pieces, within minutes of each other; of one the letters differ."""
    rows = []
    for number in range(count):
        person = draw.randrange(people // 4 + 1)
        at = START + timedelta(days=draw.randrange(DAYS // 6) * 6)
        at += timedelta(minutes=draw.choice([0, 0, 10, 20, 1439, draw.randrange(1440)]))
        is_known = draw.random() < 0.6
        rows.append(
            {
                "event_id": f"k{number}",
                "event_name": draw.choice(["read", "show", *_CONTENT_ROLES]),
                "occurred_at": at.isoformat(),
                "user_id": f"u{person}" if is_known else None,
                "anonymous_id": None if is_known else f"d{person}",
                "content_id": draw.choice([f"p{draw.randrange(_PIECES + 3)}", "P1", None]),
                "amount": draw.choice([None, "3", "0.5"]),
                "currency": draw.choice(["USD", "EUR", None]),
                "properties": {
                    "position": draw.choice([1, 2, 0, "top"]),
                    "progress": draw.choice([0.2, 0.95, "90%", 2]),
                    "dwell_seconds": draw.choice([None, 12, 99999, "long"]),
                    "share_id": f"s{draw.randrange(9)}",
                },
            }
        )
    return rows


def _of_features(draw: random.Random, count: int, people: int) -> list[Row]:
    """Uses of features, signed in or on a device, from before their release on."""
    rows = []
    for number in range(count):
        person = draw.randrange(people // 2)
        is_known = draw.random() < 0.6
        at = START + timedelta(days=draw.randrange(DAYS), minutes=draw.choice([0, 30, 780]))
        rows.append(
            {
                "event_id": f"f{number}",
                "event_name": "use",
                "occurred_at": at.isoformat(),
                "user_id": f"u{person}" if is_known else None,
                "anonymous_id": None if is_known else f"d{person}",
                "platform": draw.choice(["web", None]),
                "feature_id": draw.choice(["map", "map", "list", "another", None]),
            }
        )
    return rows


def _of_platform(draw: random.Random, count: int, people: int) -> list[Row]:
    """What becomes of orders, of merchants who are named or not; what is listed and looked for."""
    rows = []
    for number in range(count):
        person = draw.randrange(people)
        is_known = draw.random() < 0.6
        at = START + timedelta(days=draw.randrange(DAYS), minutes=draw.choice([0, 30, 780]))
        rows.append(
            {
                "event_id": f"g{number}",
                "event_name": draw.choice([*_PLATFORM_ROLES]),
                "occurred_at": at.isoformat(),
                "user_id": f"u{person}" if is_known else None,
                "anonymous_id": None if is_known else f"d{person}",
                "merchant_id": draw.choice([f"m{draw.randrange(12)}", "M1", None, None]),
                "order_id": draw.choice([f"o{draw.randrange(count)}", None]),
                "properties": {
                    "score": draw.choice([5, "4.5", "good", None]),
                    "category": draw.choice(["food", " toys ", None]),
                },
            }
        )
    return rows


def _violation(draw: random.Random) -> Row:
    at = START + timedelta(seconds=draw.randrange(DAYS * 86400))
    return {
        "violation_id": draw.choice([None, f"v{draw.randrange(30)}"]),
        "merchant_id": f"m{draw.randrange(12)}",
        "rule_id": draw.choice([None, "late", "fake"]),
        "severity": draw.choice([None, "minor", "major"]),
        "occurred_at": at.isoformat(),
        "resolved_at": draw.choice([None, (at + timedelta(days=3)).isoformat(), "soon"]),
        "updated_at": draw.choice([None, at.isoformat()]),
    }


def _consent(draw: random.Random, people: int) -> Row:
    """What somebody says of it, and takes back between two lists; some answers tie."""
    person = draw.randrange(people // 2 + 1)
    is_known = draw.random() < 0.7
    said = START + timedelta(days=draw.randrange(DAYS), hours=draw.choice([0, 8]))
    return {
        "user_id": f"u{person}" if is_known else None,
        "anonymous_id": None if is_known else f"d{person}",
        "purpose": draw.choice(["marketing", "marketing", "analytics", None]),
        "is_granted": draw.choice(["true", "false", "perhaps", None]),
        "recorded_at": draw.choice([said.isoformat()] * 4 + ["soon"]),
    }


def _campaigns() -> list[Row]:
    """Plans of all kinds: with a goal, with shares that are none, backwards, and without a word."""
    day = [(START + timedelta(days=10 * number)).isoformat() for number in range(15)]
    return [
        {"campaign_id": "c0", "starts_at": day[2], "ends_at": day[12],
         "variant_shares": "control|a"},
        {"campaign_id": "c1", "starts_at": day[3], "ends_at": day[12],
         "goal_measure_id": "bought", "target_value": "40", "budget_amount": "90",
         "variant_shares": "control:1|a:1|b:2"},
        {"campaign_id": "c2", "starts_at": day[1], "ends_at": day[12], "goal_measure_id": "spend",
         "target_value": "900", "budget_amount": "50", "currency": "EUR", "control_variant": "b"},
        {"campaign_id": "c3", "starts_at": day[9], "ends_at": day[2]},
    ]  # fmt: skip


def _assignments(draw: random.Random, people: int) -> list[Row]:
    """Each to one campaign; a few twice, and of these some to another arm at the same time."""
    rows = []
    for number in range(people // 2):
        at = START + timedelta(days=30 + draw.randrange(80), seconds=draw.choice([0, 4000]))
        row = {
            "campaign_id": f"c{number % 5}",
            "user_id": f"u{2 * number}",
            "variant": draw.choice(["control", "a", "b", None]),
            "assigned_at": draw.choice([None, at.isoformat(), at.isoformat()]),
        }
        rows.append(row)
        if draw.random() < 0.1:
            rows.append(row | {"variant": draw.choice([row["variant"], "a"])})
    return rows


def _marathon() -> list[Row]:
    """One person who never pauses for 30 minutes in four days: sessions end after 72 hours."""
    return [
        {
            "event_id": f"m{number}",
            "event_name": "view",
            "occurred_at": (START + timedelta(days=9, minutes=20 * number)).isoformat(),
            "user_id": "u_marathon",
        }
        for number in range(_MARATHON_EVENTS)
    ]


def _unusable(draw: random.Random) -> list[Row | str]:
    rows: list[Row | str] = [
        {"event_name": "open", "occurred_at": "2023-11-11"},
        {"event_name": "view", "user_id": "u1", "occurred_at": "soon"},
        {"event_name": "order", "user_id": "u1", "occurred_at": "2023-12-01", "amount": "NaN"},
        {"event_name": "open", "user_id": "u2", "occurred_at": "2099-01-01"},
        {"event_id": "e1", "event_name": " ", "user_id": "u2", "occurred_at": "2023-12-01"},
        '{"event_name": "open", "user_id": ',
        "not JSON at all",
    ]
    draw.shuffle(rows)
    return rows


def _users(draw: random.Random, people: int) -> list[Row]:
    rows = []
    for person in range(people):
        created = START + timedelta(days=draw.randrange(DAYS))
        for version in range(draw.choice([1, 1, 2, 3])):
            changed = created + timedelta(days=version * draw.choice([0, 20]))
            rows.append(
                {
                    "user_id": f"u{person}",
                    "created_at": created.isoformat(),
                    "updated_at": changed.isoformat() if draw.random() < 0.8 else None,
                    "plan": draw.choice(["free", "paid", None]),
                }
            )
    return rows
