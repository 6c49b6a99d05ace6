"""Events as codes: what is drawn stands in arrays of numbers until a day is written as text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Name:
    """An event of the tracking plan."""

    event_name: str
    label_en: str
    label_zh: str
    area: str
    role: str = ""
    is_activity: bool = True
    is_key_action: bool = False


NAMES = (
    Name("app_opened", "Opened the app", "打开应用", "product"),
    Name("signed_up", "Signed up", "注册", "user"),
    Name("page_viewed", "Page viewed", "浏览页面", "product", "page_view"),
    Name("element_clicked", "Element clicked", "点击页面元素", "product", "element_click"),
    Name("searched", "Searched", "搜索商品", "platform", "demand"),
    Name("merchant_visited", "Shop visited", "逛店铺", "platform", "demand"),
    Name("product_viewed", "Product viewed", "浏览商品", "product"),
    Name("cart_added", "Added to cart", "加入购物车", "product"),
    Name("checkout_started", "Checkout started", "开始结算", "product"),
    Name("order_paid", "Order paid", "支付订单", "product", "order", is_key_action=True),
    Name("order_refunded", "Order refunded", "订单退款", "product", "refund", False),
    Name("order_fulfilled", "Order fulfilled", "订单完成", "platform", "fulfil", False),
    Name("order_cancelled", "Order cancelled", "订单取消", "platform", "cancel", False),
    Name("order_complained", "Order complained of", "订单投诉", "platform", "complaint", False),
    Name("order_rated", "Order rated", "订单评分", "platform", "rating"),
    Name("listing_created", "Product listed", "上架商品", "platform", "listing", False),
    Name("content_shown", "Content shown", "内容曝光", "content", "exposure", False),
    Name("content_clicked", "Content clicked", "点击内容", "content", "click"),
    Name("read_started", "Reading started", "开始阅读", "content", "read_start"),
    Name("read_progressed", "Reading went on", "阅读过半", "content", "read_progress"),
    Name("read_finished", "Reading finished", "读完", "content", "read_finish", is_key_action=True),
    Name("content_liked", "Content liked", "点赞", "content", "like"),
    Name("content_commented", "Content commented on", "评论", "content", "comment"),
    Name("content_favourited", "Content favourited", "收藏", "content", "favourite"),
    Name("author_followed", "Author followed", "关注作者", "content", "follow"),
    Name("content_shared", "Content shared", "分享内容", "content", "share"),
    Name("share_opened", "Shared content opened", "打开分享", "content", "share_open"),
    Name("content_submitted", "Content submitted", "提交稿件", "content", "submit", False),
    Name("content_approved", "Content approved", "审核通过", "content", "approve", False),
    Name("content_rejected", "Content rejected", "审核退回", "content", "reject", False),
    Name("content_published", "Content published", "发布内容", "content", "publish", False),
    Name("content_unpublished", "Content unpublished", "下架内容", "content", "unpublish", False),
    Name("creator_rewarded", "Author rewarded", "发放创作奖励", "content", "creator_reward", False),
    Name("feature_used", "Feature used", "使用功能", "product", "feature_use"),
    Name("invite_sent", "Friend invited", "邀请好友", "user", "invite"),
    Name("invite_accepted", "Invite accepted", "接受邀请", "user", "invite_accept"),
    Name("message_sent", "Message sent", "发送消息", "user", "message_sent", False),
    Name("campaign_shown", "Campaign shown", "活动触达", "campaign", "exposure", False),
    Name("campaign_joined", "Joined a campaign", "报名活动", "campaign"),
    Name("coupon_issued", "Coupon issued", "发放优惠券", "campaign", "coupon_issued", False),
    Name("coupon_redeemed", "Coupon redeemed", "核销优惠券", "campaign", "coupon_redeemed"),
    Name("checked_in", "Checked in", "签到", "user", "check_in"),
    Name("letter_answered", "Letter answered", "回信", "campaign", "", False),
)  # fmt: skip
CODE = {each.event_name: code for code, each in enumerate(NAMES)}
IS_ACTIVITY = np.array([each.is_activity for each in NAMES])


class Actor(IntEnum):
    """Who acts."""

    PERSON = 0
    AUTHOR = 1
    MERCHANT = 2


NONE = -1
COLUMNS: dict[str, tuple[type, float]] = {
    "at": (np.int64, 0),
    "actor": (np.int32, NONE),
    "kind": (np.uint8, Actor.PERSON),
    "name": (np.uint8, 0),
    "channel": (np.int8, NONE),
    "page": (np.int8, NONE),
    "category": (np.int8, NONE),
    "content": (np.int32, NONE),
    "merchant": (np.int32, NONE),
    "campaign": (np.int8, NONE),
    "feature": (np.int8, NONE),
    "order": (np.int32, NONE),
    "cents": (np.int32, NONE),
    "discount": (np.int32, NONE),
    "invite": (np.int64, NONE),
    "inviter": (np.int32, NONE),
    "share": (np.int32, NONE),
    "position": (np.int8, NONE),
    "score": (np.int8, NONE),
    "progress": (np.int8, NONE),
    "dwell": (np.int32, NONE),
}
"""Columns of an event, each with its type and what stands where there is nothing: `progress` in
hundredths, `dwell` in seconds, money in cents."""
DTYPE = np.dtype([(name, type_) for name, (type_, _) in COLUMNS.items()])


def events(name: str, at: np.ndarray, actor: np.ndarray, **columns: Any) -> np.ndarray:
    """Events of a name; columns that are not given are empty."""
    made = np.empty(len(at), DTYPE)
    given = {"at": at, "actor": actor, "name": CODE[name], **columns}
    for column, (_, empty) in COLUMNS.items():
        made[column] = given.get(column, empty)
    return made
