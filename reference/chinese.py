"""The Chinese of what the code says in English alone, by the English sentence.

A sentence that changes has none until it is given anew: `make reference` says which.
"""

from __future__ import annotations

from collections.abc import Mapping


def in_chinese(english: str) -> str:
    """Its Chinese; raises `KeyError` where there is none."""
    for sentences in (_TABLES, _SETTINGS, _VARS, _COMMANDS, _FEEDS):
        if english in sentences:
            return sentences[english]
    raise KeyError(f"no Chinese: add the sentence to reference/chinese.py: {english!r}")


_TABLES: Mapping[str, str] = {
    "any period": "任何周期",
    "ask by": "按什么问",
    "board": "看板",
    "column": "列",
    "columns": "列",
    "command": "命令",
    "default": "默认值",
    "everything else": "其余的一切",
    "its question": "回答的问题",
    "meaning": "含义",
    "metric": "指标",
    "name": "名称",
    "note": "说明",
    "one row per": "粒度",
    "required": "必填",
    "table": "表",
    "type": "类型",
    "what it does": "作用",
    "what it is": "含义",
    "{tests} dbt tests ({single} of them queries over several tables), and {rules} rules in "
    "{suites} suites.": (
        "{tests} 项 dbt 测试（其中 {single} 项是跨表的查询），{suites} 套检查共 {rules} 条规则。"
    ),
}

_SETTINGS: Mapping[str, str] = {
    " (a secret)": "（机密）",
    "all cores": "全部核",
    "drawn once, kept beside the warehouse": "第一次用到时生成，存在工作库旁边",
    "none": "无",
    "the first of the recipients": "第一个收件人",
    "where raw feeds arrive": "原始数据放在哪里",
    "the definitions": "定义放在哪里",
    "the working database; who reads it while a build runs makes the build wait": (
        "工作库；构建时若有人在读它，构建要等"
    ),
    "what readers see": "读者看到的数据",
    "builds that are kept for readers, the current one included": (
        "为读者保留几次构建，含当前这一次"
    ),
    "reporting time zone, like `Asia/Shanghai`: it cuts days, weeks and months": (
        "报表时区，如 `Asia/Shanghai`：日、周、月按它切"
    ),
    "`monday` or `sunday`": "一周从哪天开始：`monday` 或 `sunday`",
    "currency of amounts; rows in another one are quarantined, unless "
    "`seeds/currency_rates.csv` has a rate": (
        "金额的币种；其他币种的行会被隔离，除非 `seeds/currency_rates.csv` 给了汇率"
    ),
    "what names of time zones mean in your feeds: `CST=+08:00,IST=+05:30`; a time with another "
    "name is quarantined": (
        "数据里时区缩写的含义：`CST=+08:00,IST=+05:30`；带其他缩写的时间会被隔离"
    ),
    "build as of this instant (ISO 8601): what occurred later is left out": (
        "只算到这一刻（ISO 8601），之后发生的不算"
    ),
    "when set, `user_id` and `anonymous_id` are published as keyed hashes": (
        "设了以后，发布的 `user_id` 和 `anonymous_id` 都是带密钥的哈希值"
    ),
    "key of the hashes that keep erased people out; it must not change": (
        "被删除的人按这个密钥的哈希挡在外面；不能改"
    ),
    "memory that DuckDB may take; with Python and what DuckDB does not count, a build stays "
    "below 4 GB. What does not fit is written beside the warehouse, into "
    "`warehouse.duckdb.tmp`, and goes again": (
        "DuckDB 可用的内存；加上 Python 与 DuckDB 未计入的部分，一次构建低于 4 GB。"
        "放不下的会写到工作库旁的 `warehouse.duckdb.tmp`，用完即删"
    ),
    "threads that DuckDB may take": "DuckDB 可用的线程数",
    "how long a build waits for a warehouse that another program has open": (
        "别的程序打开着工作库时，构建最多等多少秒"
    ),
    "where alerts are posted too: an incoming webhook of Slack, Feishu, DingTalk, WeCom, or "
    "your own": "告警同时发到这里：Slack、飞书、钉钉、企业微信或自建的 webhook",
    "the server that mails them: `smtp://user:password@host:587`, or `smtps://…`": (
        "发告警邮件的服务器：`smtp://user:password@host:587`，或 `smtps://…`"
    ),
    "who gets the mail, with commas between": "收件人，用逗号分开",
    "the sender": "发件人",
    "the log that every alert is added to": "每条告警都追加到这个日志",
    "where people reach the UI: alerts link to it": "大家从哪里打开界面：告警里的链接用它",
    "where people reach the pages that `make dev` serves beside the UI: it links to boards "
    "and reports there": (
        "大家访问 `make dev` 在界面旁边提供的页面的地址：界面从这里链接到看板和检查报告"
    ),
    "a PostgreSQL database that is filled with every build too: "
    "`postgresql://user:password@host:5432/database`": (
        "每次构建同时写入的 PostgreSQL 数据库：`postgresql://user:password@host:5432/database`"
    ),
}

_VARS: Mapping[str, str] = {
    "sources united by stg_events: a source <name> is the model stg_<name>__events": (
        "由 stg_events 合并的数据源：来源 <name> 就是模型 stg_<name>__events"
    ),
    "minutes without activity that end a session": "多少分钟没有活跃，会话就结束",
    "hours after its start at which a session ends whatever happens": (
        "会话开始后最多多少小时，无论如何都结束"
    ),
    "users seen on one anonymous_id from which on it is a shared device: more than this many": (
        "一个 anonymous_id 上出现的用户超过这么多，就算共用设备"
    ),
    "days a timestamp may lie after the instant that bounds it (clock skew of devices)": (
        "时间最多可以超前多少天（设备时钟不准）"
    ),
    "the earliest day that is believed: product logs before it are zero dates": (
        "可信的最早一天：更早的是零值日期"
    ),
    "steps that a funnel may have; each is a column of its attempts": (
        "漏斗最多几步；每一步是尝试表里的一列"
    ),
    "days that wau and mau look back on, the day itself included; states of a day are cut there": (
        "wau 和 mau 往回看多少天（含当天）；每天的状态也按它划分"
    ),
    "same days of the week before a day that its number of events must be judged by; of 8": (
        "至少要有几个之前的同一星期几，才判断当天的事件数（最多看 8 个）"
    ),
    "events below which a day, or a silence, is never told: chance alone makes such ones": (
        "少于这么多事件的日子或沉默从不提示：偶然就会这样"
    ),
}

_COMMANDS: Mapping[str, str] = {
    "show these commands": "列出这些命令",
    "the demo: a real public data set from raw files to published marts": (
        "演示：一份真实的公开数据，从原始文件到发布的表"
    ),
    "ingest, dbt, checks, publish, for whatever the settings point at; AGAIN=1: although nothing "
    "is new": "按当前设置执行：导入、dbt、检查、发布；AGAIN=1：没有新东西也照跑",
    "are the definitions right? In seconds; a build looks first, too": (
        "定义写对了吗？几秒钟就知道；构建也先看一遍"
    ),
    "the builds that are kept, and the one that readers see": (
        "列出保留的各次构建，以及读者正在看的那一次"
    ),
    "readers see the build before, at once; BUILD=...: a kept one that is named": (
        "读者立刻回到上一次构建；BUILD=...：指定保留着的某一次"
    ),
    "fill PostgreSQL with the build that readers see; each publish does so by itself": (
        "把读者正在看的那次构建写进 PostgreSQL；每次发布也会自动写"
    ),
    'the metrics; QUERY="--metrics dau,mau --group-by metric_time": their values': (
        '列出指标；QUERY="--metrics dau,mau --group-by metric_time"：给出数值'
    ),
    "everything anew; a damaged warehouse is set aside, and made from the raw files": (
        "全部重建；损坏的工作库先挪到一边，再由原始文件重建"
    ),
    "incremental = rebuild, at random: RAW=data/raw SEED=7 ROUNDS=3 SCALE=20 ...": (
        "随机检验“增量 = 重建”：RAW=data/raw SEED=7 ROUNDS=3 SCALE=20 ..."
    ),
    "faults at random while readers read: MINUTES=10 SEED=7": (
        "在读者查询的同时随机制造故障：MINUTES=10 SEED=7"
    ),
    "all tests; TESTS=tests/architecture: some of them": (
        "全部测试；TESTS=tests/architecture：只跑一部分"
    ),
    "Dagster's UI: lineage, checks, schedule, sensor": "Dagster 界面：血缘、检查、定时、传感器",
    "what is published, boards first, on http://127.0.0.1:3001": (
        "查看发布的内容，先看看板：http://127.0.0.1:3001"
    ),
    "Superset on http://127.0.0.1:8088; PROOF=1: show that it shows what is published": (
        "Superset：http://127.0.0.1:8088；PROOF=1：证明它显示的就是发布的数据"
    ),
    "dbt's documentation and column lineage, into data/published/docs": (
        "dbt 文档和每一列的血缘，写到 data/published/docs"
    ),
    "the tables in README and docs/ that state facts of the code, anew": (
        "重写 README 和 docs/ 中由代码生成的表格"
    ),
    "pictures of the boards for the READMEs, in docs/images; needs Chromium": (
        "README 里的看板图片，放在 docs/images；需要 Chromium"
    ),
    "against peers, side by side; SCALE=20: 20 million events; ROW=funnel: one row": (
        "与同类工具对比；SCALE=20：两千万事件；ROW=funnel：只测一项"
    ),
    "take a loaded file out: make withdraw FILE=events/2024-01-01.jsonl": (
        "撤出一个已导入的文件：make withdraw FILE=events/2024-01-01.jsonl"
    ),
    'compute days anew: make restate FROM=2017-03-01 TO=2017-03-07 REASON="…"': (
        '把某几天重新算一遍：make restate FROM=2017-03-01 TO=2017-03-07 REASON="…"'
    ),
    "ruff": "ruff",
    "remove the environment and what dbt has made; data/ stays": (
        "删除环境和 dbt 的产物；data/ 保留"
    ),
}

_FEEDS: Mapping[str, str] = {
    # events
    "One row per thing that an actor did, as its source told it.": (
        "用户做的每件事一行，照来源所说。"
    ),
    "Id, unique within its source; missing: a hash of the row": (
        "id，在来源内唯一；缺少时用整行的哈希值"
    ),
    "What happened; required": "发生了什么；必填",
    "When it happened; ISO 8601, or epoch s, ms, µs; required": (
        "什么时候发生；ISO 8601，或 epoch 秒、毫秒、微秒；必填"
    ),
    "When the collector got it": "采集端收到的时间",
    "Who did it; this or anonymous_id is required": "谁做的；它和 anonymous_id 至少填一个",
    "The device or browser of someone not signed in": "未登录者的设备或浏览器",
    "The source's own session": "来源自己的会话",
    "ios, android, web, store …": "ios、android、web、store 等",
    "Version of the app": "应用版本",
    "Country of the actor": "用户所在国家",
    "Page or screen": "页面",
    "Where the actor came from": "从哪里来",
    "Campaign tag: source": "投放标签：来源",
    "Campaign tag: medium": "投放标签：媒介",
    "Campaign tag: campaign": "投放标签：活动",
    "Campaign tag: content": "投放标签：素材",
    "Campaign tag: term": "投放标签：关键词",
    "The content that the event is about": "事件涉及的内容",
    "The merchant that the event is about": "事件涉及的商家",
    "The campaign that the event is about": "事件涉及的活动",
    "The product feature that the event is about": "事件涉及的产品功能",
    "The order that the event is about": "事件涉及的订单",
    "Order value, or refund value; both positive": "订单金额或退款金额；都是正数",
    "ISO 4217 code of the amount": "金额的币种（ISO 4217）",
    # users
    "One row per version of a user's profile; the latest one counts.": (
        "用户资料的每个版本一行；以最新的为准。"
    ),
    "The user; required": "用户；必填",
    "When the account was made": "账号创建时间",
    "Since when this version holds": "这个版本从何时起有效",
    # contents
    "One row per version of a piece of content; the latest one counts.": (
        "一份内容的每个版本一行；以最新的为准。"
    ),
    "The content; required": "内容；必填",
    "Its title": "标题",
    "article, video, note …": "文章、视频、笔记等",
    "Who made it": "作者",
    "Its category": "类目",
    "When it went out": "发布时间",
    # campaigns
    "One row per version of a campaign; the latest one counts.": (
        "一个活动的每个版本一行；以最新的为准。"
    ),
    "The campaign; required": "活动；必填",
    "Its name": "名称",
    "Its kind": "类别",
    "push, mail, store …": "推送、邮件、门店等",
    "When it starts": "开始时间",
    "When it ends": "结束时间",
    "Its budget": "预算",
    "ISO 4217 code of the budget": "预算的币种（ISO 4217）",
    # campaign_assignments
    "One row per user whom a campaign was aimed at.": "活动圈选的每个用户一行。",
    "When the user was chosen": "圈选时间",
    "Group of a test: control, treatment …": "实验分组：对照组、实验组等",
    # channel_costs
    "One row per day and channel that money was spent on.": "有花费的每天每个渠道一行。",
    "Day of the cost, in the reporting time zone; required": "花费日期（报表时区）；必填",
    "The channel, where the tags do not say it": "渠道，投放标签说明不了时填",
    "What was spent; required": "花费；必填",
    "ISO 4217 code of the cost": "花费的币种（ISO 4217）",
    "Times shown": "曝光次数",
    "Times clicked": "点击次数",
    # merchants
    "One row per version of a merchant or store; the latest one counts.": (
        "商家或门店的每个版本一行；以最新的为准。"
    ),
    "The merchant; required": "商家；必填",
    "What it sells": "经营类目",
    "Where it is": "所在地",
    "When it joined": "入驻时间",
    # rule_violations
    "One row per breach of a platform rule.": "每次违反平台规则一行。",
    "The breach": "这次违规",
    "The merchant who broke the rule; required": "违规的商家；必填",
    "The user who broke the rule": "违规的用户",
    "The rule": "规则",
    "How bad it is": "严重程度",
    "When it happened; required": "发生时间；必填",
    "When it was settled; empty: still open": "处理完的时间；空：还没处理",
    # feedback
    "One row per rating or comment of a user.": "用户的每次评分或评论一行。",
    "The feedback": "这条反馈",
    "Who gave it": "谁给的",
    "The content that it is about": "针对的内容",
    "The merchant that it is about": "针对的商家",
    "The rating, on the source's own scale": "评分，用来源自己的分制",
    "The words": "文字",
    "When it was given; required": "反馈时间；必填",
    # kpi_targets
    "One row per KPI and period that a target was set for.": "定了目标的每个 KPI 和时期一行。",
    "The KPI; required": "KPI；必填",
    "First day of the period": "时期的第一天",
    "Last day of the period": "时期的最后一天",
    "The target, in the KPI's own unit; required": "目标值，用 KPI 自己的单位；必填",
    # consents, erasure_requests
    "One row per consent that an actor gave or took back.": "用户每次同意或撤回同意一行。",
    "The user; empty: see anonymous_id": "用户；空：看 anonymous_id",
    "The device or browser": "设备或浏览器",
    "What for: analytics, marketing …; required": "用途：分析、营销等；必填",
    "true: given; false: taken back": "true：同意；false：撤回",
    "When it was said; required": "表态时间；必填",
    "One row per person who asked to be forgotten.": "每个要求删除自己数据的人一行。",
    "The request": "这次请求",
    "When it was asked; required": "请求时间；必填",
}
