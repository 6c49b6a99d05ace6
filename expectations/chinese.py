"""What the rules say, in Chinese, by the sentence that they say in English.

A sentence that several tables share has its columns or table in it, and stands here once, as a
pattern. `chinese` gives the words; a test holds that every rule has some.
"""

from __future__ import annotations

import re
from functools import cache

_SHARED: tuple[tuple[str, str], ...] = (
    (r"A rate lies outside 0 to 1 \((.*)\)", r"比例不在 0 到 1 之间（\1）"),
    (r"A figure is below 0 \((.*)\)", r"数字小于 0（\1）"),
    (r"A part is greater than its whole \((.*)\)", r"部分大于整体（\1）"),
    (r"(\w+) lies more than a week after the data's horizon", r"\1 比数据的截止时间晚一周以上"),
    (r"The table is empty although (.*) holds rows that belong in it",
     r"\1 里有该算进来的行，这张表却是空的"),
    (r"Over half of 1,000 or more rows have no (\w+): is it named otherwise\?",
     r"1,000 行以上的数据里一半以上没有 \1：是不是换了列名？"),
)  # fmt: skip

_OWN: dict[str, str] = {
    # raw
    "A declared column is missing": "缺少约定的列",
    "Over half of 1,000 or more rows could not be parsed: wrong format, or encoding?": (
        "1,000 行以上的数据里一半以上解析不了：格式或编码不对？"
    ),
    "The newest whole day has under a tenth of the events of the quietest of the 28 days before "
    "it": "最近一个完整日的事件数不到此前 28 天里最少一天的十分之一",
    "The newest load brought only events over a week older than those before it: a backfill, or "
    "an export that repeats itself?": (
        "最近一次导入的事件全都比之前的早一周以上：是补数据，还是重复导出？"
    ),
    "The ledger ends before the load that the last build had already read": (
        "台账的末尾早于上次构建已经读过的导入"
    ),
    "Over half of a feed's 20 or more files could not be read": (
        "某类数据有 20 个以上的文件，一半以上读不了"
    ),
    "Over half of a feed's 1,000 or more rows are in quarantine": (
        "某类数据有 1,000 行以上，一半以上被隔离"
    ),
    "A file could not be read; the others were loaded": "有文件读不了；其他文件已经导入",
    "A file of the newest load has under a tenth of the rows of the feed's earlier files": (
        "最近一次导入的某个文件，行数不到这类数据以往文件的十分之一"
    ),
    # facts
    "An event is dated before 1990: a zero date of the source?": (
        "有事件的时间早于 1990 年：是来源里的空日期？"
    ),
    "An amount exceeds 10^12 currency units: minor units, or an overflow?": (
        "有金额超过一万亿：单位是分，还是数值溢出？"
    ),
    "One day holds over half of all events of 30 or more days": (
        "数据有 30 天以上，其中一天的事件却占一半以上"
    ),
    "There are over 2,000 event names: are ids written into names?": (
        "事件名超过 2,000 个：是不是把编号写进了名称？"
    ),
    "A user attempts one funnel over 20,000 times: a robot, or a shared id?": (
        "有用户进入同一个漏斗超过 20,000 次：是机器人，还是多人共用的编号？"
    ),
    "An exclusion voids over 95 % of a funnel's attempts: is it meant so?": (
        "排除条件作废了某个漏斗 95 % 以上的尝试：是有意这样定义的吗？"
    ),
    "More was refunded than was paid": "退款多于付款",
    "An order is worth over 10,000 times the median order: cents for units?": (
        "有订单的金额是中位数的 10,000 倍以上：是不是把分当成了元？"
    ),
    "Over 90 % of the orders are worth nothing: did the amounts arrive?": (
        "90 % 以上的订单金额为零：金额传过来了吗？"
    ),
    "A session ends before it starts, or lasts over 30 days": (
        "有访问的结束早于开始，或持续 30 天以上"
    ),
    "A session has over 20,000 events: a robot, or a shared id?": (
        "有访问的事件超过 20,000 个：是机器人，还是多人共用的编号？"
    ),
    "A user has over 20,000 events in a day: a robot, or a shared id?": (
        "有用户一天的事件超过 20,000 个：是机器人，还是多人共用的编号？"
    ),
    "A user has over 500 orders in a day: a test account, or a till's own id?": (
        "有用户一天的订单超过 500 个：是测试账号，还是收银机的编号？"
    ),
    "A span ends on or before the day on which it starts": "有一段的结束不晚于开始的那一天",
    "A span follows one of the same stage: they are one span": "前后两段是同一个阶段，应当是一段",
    # marts: users
    "Days are missing just before this one": "这一天之前缺了日期",
    "The last day of the table lies before the last closed day of the data": (
        "表的最后一天早于数据最后一个完整日"
    ),
    "The last closed day has under a tenth of the users of the quietest day in the four weeks "
    "before it": "最后一个完整日的用户数不到此前四周里最少一天的十分之一",
    "A weekday has this hour more often than a week or month can have it": (
        "某个星期几的这个小时出现的次数，比一周或一个月里可能有的还多"
    ),
    "Somebody was active in an hour that the clock never showed": (
        "有人在时钟从未显示过的小时里活跃"
    ),
    "Over nine in ten of 10,000 events or more fall into one hour of the day: are times of day "
    "unknown, or is the time zone wrong?": (
        "10,000 个以上的事件里，九成以上落在一天的同一个小时：是没有时刻，还是时区不对？"
    ),
    "Active users are not new, retained and resurrected ones together": (
        "活跃用户不等于新增、留存与回流之和"
    ),
    "In the last closed month over 99 % of the month before's users churned": (
        "最近一个完整月里，上个月的用户流失了 99 % 以上"
    ),
    "The stages hold fewer users together than on the day before": ("各阶段的用户总数比前一天少"),
    "After 60 days nobody has ever been in growth or maturity: does an event that the tracking "
    "plan marks is_key_action occur?": (
        "60 天过去，还没有人进入过成长期或成熟期：埋点方案中标为 is_key_action 的事件发生过吗？"
    ),
    "A move goes from churn to dormancy, or from nothing to silence": (
        "有人从流失期流向休眠期，或一开始就处于沉默"
    ),
    "In the last closed week over 80 % of the users who were here fell silent: did their events "
    "arrive?": "最近一个完整周里，原本活跃的用户有 80 % 以上陷入沉默：他们的事件到达了吗？",
    "A user is active in more intervals than the period has": (
        "有用户活跃的区间数比时期里的区间还多"
    ),
    "Users in active states are not the active users of the day": (
        "处于活跃状态的用户不等于当天的活跃用户"
    ),
    # marts: money
    "A move has neither a segment that it leaves nor one that it enters": (
        "有流动既没有离开的客群，也没有进入的客群"
    ),
    "At the last snapshot over 80 % of the customers before it lapsed": (
        "最近一个快照里，此前的客户有 80 % 以上不再是客户"
    ),
    "Recency lies outside the 365 days that the snapshot looks back": (
        "最近一次购买不在快照回看的 365 天之内"
    ),
    "A customer has no order, or orders worth less than nothing": (
        "有客户没有订单，或订单金额小于零"
    ),
    "One segment holds over 95 % of a snapshot's customers": (
        "一个客群占了某个快照 95 % 以上的客户"
    ),
    "The last snapshot has under a fifth of the customers of the one before": (
        "最近一个快照的客户数不到前一个的五分之一"
    ),
    "The net amount is not the gross amount less refunds": "净金额不等于总金额减去退款",
    "More was refunded than sold, over all days": "全部日期合计，退款多于销售",
    # marts: funnels, paths, retention
    "More entrants reached a step than the required step before it": (
        "到达某一步的人比到达前一个必经步骤的人还多"
    ),
    "Nine in ten are faster than half of them (p90 below the median)": (
        "九成人比半数人还快（p90 小于中位数）"
    ),
    "Of 1,000 entrants or more nobody reached this step: is the event's name spelled as the "
    "product sends it?": (
        "1,000 人以上进入漏斗，却没有人到达这一步：事件名与产品发送的写法一致吗？"
    ),
    "A bin ends where it begins or before": "有区间的终点不大于起点",
    "The bins together do not hold all who got from one step to the other": (
        "各区间合计不等于从一步走到另一步的所有人"
    ),
    "The fastest, the median, nine in ten and the slowest are not in order": (
        "最快、中位数、九成与最慢的顺序不对"
    ),
    "Of 1,000 who got from one step to the other or more, half took no second: does one action "
    "send both events?": (
        "1,000 人以上从一步走到另一步，半数人用时不到一秒：是不是一个动作发送了两个事件？"
    ),
    "A day between two of the funnel is missing": "漏斗的两天之间缺了一天",
    "Over nine in ten steps of a path of 1,000 or more go between items that are only `Other`: "
    "is item_property one with too many values?": (
        "某条路径有 1,000 步以上，九成以上只在 `Other` 之间：item_property 的取值是不是太多？"
    ),
    "The mature sequences of a path are not all of its mature occurrences": (
        "路径的成熟序列合计不等于成熟的出现次数"
    ),
    "A cohort is not whole in its own period 0": "同期群在自己的第 0 期不完整",
    # marts: quality, platform
    "Ids repeat with other content, are placeholders, or are spelled in several ways": (
        "有 id 与别的内容重复、是占位符，或有多种写法"
    ),
    "A doubt has no words for what is doubtful, or for the mend": (
        "有存疑的定义没有说明疑点，或没有修复办法"
    ),
    "What stands for the person is no keyed hash": "代表个人的值不是带密钥的哈希",
    "Something of an erased person is left, and has to be removed by hand": (
        "被删除的人还有数据留下，需要手工删除"
    ),
    "An event has not come for longer than its days of the week explain": (
        "有事件没有出现的时间，超过了按星期几能解释的长度"
    ),
    "The events of a source's names on a day are not as many as those of the source": (
        "某天各事件之和不等于来源的事件总数"
    ),
    "On one of the last three closed days there were fewer or more events than is usual on that "
    "day of the week": "最近三个完整日中，有一天的事件比这个星期几通常的少或多",
    "A file of the ledger is missing, or holds other rows": "台账里的文件缺失，或行数不同",
    "A file has other rows in quarantine here than in the ledger": (
        "某个文件在这里的隔离行数与台账不同"
    ),
    "Over half of a file's rows are in quarantine": "某个文件一半以上的行被隔离",
    "A sample shows a value as it came, where it may name a person": (
        "样例照原样显示了可能指向个人的值"
    ),
    "A reason for quarantine has no sample": "有隔离原因没有样例",
    "A value that is listed as changed is the same as before": "列为有变化的值与之前相同",
    "One build changed over 100,000 values of ripe rows": (
        "一次构建改变了 100,000 个以上的成熟数字"
    ),
}


@cache
def chinese(sentence: str) -> str | None:
    """A rule's sentence in Chinese; None where nobody has written it yet."""
    for pattern, words in _SHARED:
        if re.fullmatch(pattern, sentence):
            said = re.sub(pattern, words, sentence)
            return re.sub(r"(\w+) of (\w+)", r"\2 里的 \1", said)
    return _OWN.get(sentence)
