"""A tracking plan that the data suggest: what came and no plan names, and what each seems to be.

A guess is a word in a name, of an event that carries what its role is about: a row to look at, not
to trust. Nothing but `event_names.csv` is written, and no row that stands in it is changed.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from orchestration.ingest.definitions.schema import BY_NAME
from orchestration.ingest.feeds import FEEDS_BY_NAME
from orchestration.ingest.seeds import column_name, definition_paths
from orchestration.project import Settings

PLAN = BY_NAME["event_names"]
NOTE = "note"
_SAMPLED_EVENTS = 1_000
"""Of each event: its latest, whose properties are read."""
_NAMED_PROPERTIES = 12
_OF_EACH = {"event_id", "event_name", "occurred_at", "received_at", "user_id", "anonymous_id",
            "session_id", "properties"}  # fmt: skip
_FILLED = tuple(
    column.name for column in FEEDS_BY_NAME["events"].columns if column.name not in _OF_EACH
)
_CHINESE = re.compile("[\u4e00-\u9fff]")


class PlanError(ValueError):
    """The plan cannot be written; the message says why and what to do about it."""


@dataclass(frozen=True)
class Seen:
    """An event of which the data have some; `filled` are columns and properties that it fills."""

    event_name: str
    event_count: int
    user_count: int
    amount_count: int
    first_date: date
    last_date: date
    filled: tuple[str, ...]


@dataclass(frozen=True)
class Guess:
    """A role, its area, the words of a name that mean it, and what an event of it fills."""

    role: str
    area: str
    words: re.Pattern[str]
    fills: str | None = None


# A role, its area, words of a name, and a column of which an event of it fills some. The first that
# fits is taken: what a longer name means comes before what a word of it means.
GUESSES = tuple(
    Guess(role, area, re.compile(words), *fills)
    for role, area, words, *fills in map(str.split, r"""
    refund product refund|退款
    cancel platform order\w*_cancel|cancel\w*_order|取消订单|订单取消 order_id
    fulfil platform (order|package)\w*_(fulfil|ship|deliver)|发货|签收|订单完成 order_id
    complaint platform complain|投诉
    rating platform (order|merchant|service)\w*_(rate|review)|评分|评价订单
    listing platform listing|listed|上架商品 merchant_id
    demand platform search|搜索 category
    order product order\w*_(placed|paid|completed|created|submitted)|purchase
    order product pay(ment)?_\w*(succe|complet|finish)|pay_order
    order product 下单|提交订单|支付|付款|购买成功
    coupon_redeemed campaign coupon\w*_(redeem|use)|(redeem|use)\w*_coupon|核销|用券
    coupon_issued campaign coupon\w*_(issue|receive|claim|sent)|(issue|receive|claim)\w*_coupon
    coupon_issued campaign 发券|领券|发放优惠券|领取优惠券
    exposure campaign campaign\w*_(show|receiv|view|expos)|experiment_viewed campaign_id
    exposure campaign 活动曝光|活动触达 campaign_id
    share_open content share\w*_open|open\w*_share|打开分享
    share content share|分享|转发
    read_start content (read|play|video|article)\w*_start|start\w*_(read|play) content_id
    read_start content 开始(阅读|播放) content_id
    read_finish content (read|play|video|article)\w*_(finish|complet|end) content_id
    read_finish content (finish|complet)\w*_(read|play)|读完|播放完成|看完 content_id
    read_progress content (read|play|video|article)\w*_progress|scroll_depth content_id
    read_progress content 阅读过半|播放进度 content_id
    creator_reward content (creator|author)\w*_reward|创作奖励
    unpublish content unpublish|take\w*_down|下架内容 content_id
    publish content publish|发布 content_id
    approve content approve|审核通过 content_id
    reject content reject|审核退回|审核不通过 content_id
    submit content submit|提交稿件|投稿 content_id
    like content (?<!un)(?<!dis)like|点赞 content_id
    comment content comment|评论 content_id
    favourite content (?<!un)favou?rite|collect|bookmark|收藏 content_id
    follow content (?<!un)follow|关注
    exposure content impression|expos|_show(n|ed)?$|曝光 content_id
    click content click|_tap(ped)?$|点击 content_id
    invite_accept user invit\w*_accept|accept\w*_invit|接受邀请
    invite user invit|邀请
    check_in user check(ed)?_?in$|签到
    message_sent user (message|email|sms|push|notification)_sent|发送(消息|短信|邮件)
    feature_use product feature\w*_us|use\w*_feature|使用功能 feature_id
    element_click product (element|button|web|app|mp|link)\w*_click|点击(元素|按钮|页面) page
    page_view product (page|screen)_?view|view\w*_(page|screen)|浏览页面|浏览屏幕
    """.strip().splitlines())
)  # fmt: skip
# Of no role: whose area a name is of, else `product`.
_AREAS = (
    (
        "user",
        re.compile(r"sign|log_?(in|out)\b|regist|profile|account|user_|identif|注册|登录|资料"),
    ),
    ("campaign", re.compile(r"campaign|coupon|push|email|sms|promo|活动|优惠券|推送")),
    ("content", re.compile(r"content|article|video|post|read|文章|内容|视频")),
)
# What happens to users, or without them.
_PASSIVE_ROLES = frozenset(
    {"refund", "exposure", "coupon_issued", "creator_reward", "approve", "reject", "submit",
     "publish", "unpublish", "cancel", "complaint", "fulfil", "listing", "message_sent"}
)  # fmt: skip
_PASSIVE = re.compile(
    r"deliver|receiv|dismiss|bounc|expire|uninstall|app_remove|crash|error|heartbeat|impression|expos"
    r"|identif|送达|卸载|崩溃|过期"
)


def seen(connection: duckdb.DuckDBPyConnection) -> list[Seen]:
    """The events of a built warehouse, the most frequent first."""
    filled = ", ".join(f"count({column}) as {column}" for column in _FILLED)
    counts = connection.execute(
        f"""
        select
            event_name, count(*), count(distinct user_id), min(event_date), max(event_date),
            {filled}
        from facts.fct_events
        group by event_name
        order by 2 desc, 1
        """
    ).fetchall()
    properties: dict[str, list[str]] = {}
    for name, property_name in connection.execute(
        f"""
        with latest as (
            select event_name, properties
            from facts.fct_events
            where properties is not null
            qualify row_number() over (partition by event_name order by occurred_at desc, event_id)
                <= {_SAMPLED_EVENTS}
        ),
        named as (select event_name, unnest(json_keys(properties)) as property from latest)
        select event_name, property
        from named
        group by all
        order by event_name, count(*) desc, property
        """
    ).fetchall():
        properties.setdefault(name, []).append(property_name)
    return [
        Seen(
            name, events, users, others[_FILLED.index("amount")], first, last,
            tuple(dict.fromkeys(
                [*(column for column, count in zip(_FILLED, others, strict=True) if count),
                 *properties.get(name, ())]
            )),
        )
        for name, events, users, first, last, *others in counts
    ]  # fmt: skip


def rows(events: Sequence[Seen], roles: Mapping[str, str | None]) -> list[dict[str, str]]:
    """A row of the plan for each event that has none, with what it seems to be; `roles` are of
    those that have one. One event alone is guessed to be the order, of those with most amounts,
    unless the plan has one that came: amounts of two would be added up."""
    has_orders = any(roles.get(event.event_name) == "order" for event in events)
    events = [event for event in events if event.event_name not in roles]
    guessed = {event.event_name: _guessed(event) for event in events}
    orders = [event for event in events if (of := guessed[event.event_name]) and of.role == "order"]
    best = max(orders, key=lambda event: (event.amount_count, event.event_count), default=None)
    for event in orders:
        if has_orders or event is not best or not event.amount_count:
            guessed[event.event_name] = None
    return [_row(event, guessed[event.event_name]) for event in events]


def _guessed(event: Seen) -> Guess | None:
    name = _spelled(event.event_name)
    return next(
        (
            guess
            for guess in GUESSES
            if guess.words.search(name) and guess.fills in (None, *map(_spelled, event.filled))
        ),
        None,
    )


def _row(event: Seen, guess: Guess | None) -> dict[str, str]:
    name = _spelled(event.event_name)
    area = next((area for area, words in _AREAS if words.search(name)), "product")
    is_chinese = _CHINESE.search(event.event_name)
    is_passive = guess.role in _PASSIVE_ROLES if guess else _PASSIVE.search(name)
    return {
        "event_name": event.event_name,
        "label_en": "" if is_chinese else name.replace("_", " ").strip().capitalize(),
        "label_zh": event.event_name if is_chinese else "",
        "area": guess.area if guess else area,
        "role": guess.role if guess else "",
        "is_activity": "false" if is_passive else "true",
        "is_key_action": "true" if guess and guess.role == "order" else "false",
        NOTE: _noted(event),
    }


def _noted(event: Seen) -> str:
    named = ", ".join(event.filled[:_NAMED_PROPERTIES])
    more = len(event.filled) - _NAMED_PROPERTIES
    return (
        f"{event.event_count} events, {event.user_count} users, {event.first_date} to "
        f"{event.last_date}"
        + (f"; fills {named}" if named else "")
        + (f" and {more} more" if more > 0 else "")
    )


def _spelled(name: str) -> str:
    """In small letters, words parted by `_`: `orderCompleted` and `Order Completed` alike."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.lstrip("$"))
    return re.sub(r"[\W_]+", "_", parted).strip("_").lower()


def write(settings: Settings, new: Iterable[Mapping[str, str]]) -> Path:
    """Put rows behind those of the plan; the file is made where there is none.

    Raises `PlanError` where it is no CSV in UTF-8, whose rows could be lost.
    """
    path = definition_paths(PLAN, settings.seeds_dir)[0]
    text = ""
    if path.exists():
        try:
            text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            text = "\0"
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    header, *lines = list(csv.reader(io.StringIO(text.removeprefix(mark)))) or [[*PLAN.columns]]
    names = [column_name(cell) for cell in header]
    if path.suffix != ".csv" or "event_name" not in names:
        raise PlanError(
            f"{path} is not a CSV with commas in UTF-8, so no row was added to it. Save it as one, "
            "or put the rows above into it."
        )
    missing = [column for column in PLAN.columns if column not in names]
    written = io.StringIO()
    out = csv.writer(written, lineterminator="\r\n" if "\r\n" in text else "\n")
    out.writerow([*header, *missing])
    out.writerows(
        [*line, *[""] * (len(header) + len(missing) - len(line))] for line in lines if line
    )
    out.writerows([row.get(column, "") for column in (*names, *missing)] for row in new)
    settings.seeds_dir.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(mark + written.getvalue(), encoding="utf-8", newline="")
    temporary.replace(path)
    return path
