"""Settings of the project: the one place that reads the environment.

Every setting has a default that works from a fresh clone. Paths that are not absolute are
relative to the repository's root, whatever the working directory is. dbt reads the same
names: `Settings.environment()` is what a dbt process is started with.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
CHECKS = "checks"
"""Where `make dev` has the suites' pages, beside those of what is published."""
DBT_PROJECT_DIR = ROOT / "dbt_project"
SHIPPED_SEEDS_DIR = ROOT / "seeds"


class SettingsError(ValueError):
    """A setting has a value that cannot be used; the message names it and the mend."""


@dataclass(frozen=True)
class Settings:
    """What a build reads from, writes to and reports in.

    `raw_dir` is a folder of this machine, or as text one in a bucket: `s3://bucket/prefix`.
    Raises `SettingsError` from `from_environment` when a value cannot be used.
    """

    raw_dir: Path | str
    seeds_dir: Path
    warehouse: Path
    publish_dir: Path
    builds_kept: int
    timezone: str
    week_start: str
    currency: str
    zone_names: str
    event_sources: tuple[str, ...]
    databases: Path | None
    horizon: datetime | None
    # Secrets are not shown where settings are.
    pseudonym_key: str | None = field(repr=False)
    erasure_key: str | None = field(repr=False)
    memory_limit: str
    threads: int
    wait_seconds: int
    alert_webhook: str | None = field(repr=False)
    alert_smtp_url: str | None = field(repr=False)
    alert_email_to: tuple[str, ...]
    alert_email_from: str | None
    alert_log: Path
    ui_url: str
    pages_url: str
    serve_postgres: str | None = field(repr=False)
    serve_bucket: str | None
    s3_endpoint: str | None
    s3_region: str | None
    s3_addressing: str
    engine: str
    spark_master: str | None
    spark_password: str | None = field(repr=False)
    spark_dir: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read `YUNYING_*` from the given mapping, by default the process's environment."""
        env = os.environ if environment is None else environment

        def get(name: str, default: str = "") -> str:
            return env.get(f"YUNYING_{name}", "").strip() or default

        raw, served = get("RAW_DIR", "data/raw"), get("SERVE_BUCKET")
        endpoint = _endpoint(
            get("S3_ENDPOINT") or env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL")
        )
        return cls(
            raw_dir=_bucket("RAW_DIR", raw) if raw.startswith("s3:") else _path("RAW_DIR", raw),
            seeds_dir=_path("SEEDS_DIR", get("SEEDS_DIR", "seeds")),
            warehouse=_path("WAREHOUSE", get("WAREHOUSE", "data/warehouse.duckdb")),
            publish_dir=_path("PUBLISH_DIR", get("PUBLISH_DIR", "data/published")),
            builds_kept=_positive("BUILDS_KEPT", get("BUILDS_KEPT", "5")),
            timezone=_timezone(get("TIMEZONE", "UTC")),
            week_start=_one_of(
                "WEEK_START", get("WEEK_START", "monday").lower(), ("monday", "sunday")
            ),
            currency=get("CURRENCY", "USD").upper(),
            zone_names=_zone_names(get("ZONE_NAMES")),
            event_sources=_event_sources(get("EVENT_SOURCES")),
            databases=_databases(get("DATABASES"), raw),
            horizon=_instant("HORIZON", get("HORIZON")),
            pseudonym_key=get("PSEUDONYM_KEY") or None,
            erasure_key=get("ERASURE_KEY") or None,
            memory_limit=get("MEMORY_LIMIT", "2.5GB"),
            threads=_positive("THREADS", get("THREADS", str(os.cpu_count() or 2))),
            wait_seconds=_positive("WAIT_SECONDS", get("WAIT_SECONDS", "300")),
            alert_webhook=_url("ALERT_WEBHOOK", get("ALERT_WEBHOOK"), "https://host/path"),
            alert_smtp_url=_url(
                "ALERT_SMTP_URL", get("ALERT_SMTP_URL"), "smtp://user:password@host:587"
            ),
            alert_email_to=_list(get("ALERT_EMAIL_TO")),
            alert_email_from=get("ALERT_EMAIL_FROM") or None,
            alert_log=_path("ALERT_LOG", get("ALERT_LOG", "data/alerts.log")),
            ui_url=get("UI_URL", "http://127.0.0.1:3000").rstrip("/"),
            pages_url=get("PAGES_URL", "http://127.0.0.1:3002").rstrip("/"),
            serve_postgres=_libpq("SERVE_POSTGRES", get("SERVE_POSTGRES")),
            serve_bucket=_bucket("SERVE_BUCKET", served) if served else None,
            s3_endpoint=endpoint,
            s3_region=get("S3_REGION") or env.get("AWS_REGION") or None,
            s3_addressing=_one_of(
                "S3_ADDRESSING",
                get("S3_ADDRESSING", "path" if endpoint else "virtual").lower(),
                ("path", "virtual"),
            ),
            engine=_one_of("ENGINE", get("ENGINE", "duckdb").lower(), ("duckdb", "spark")),
            spark_master=get("SPARK_MASTER") or None,
            spark_password=get("SPARK_PASSWORD") or None,
            spark_dir=_path("SPARK_DIR", get("SPARK_DIR", "data/spark")),
        )

    def environment(self) -> dict[str, str]:
        """The same settings as environment variables, with absolute paths, for a dbt process.

        Without the secrets: whoever needs one reads the environment that it came in.
        """
        values = {
            "RAW_DIR": self.raw_dir,
            "SEEDS_DIR": self.seeds_dir,
            "WAREHOUSE": self.warehouse,
            "PUBLISH_DIR": self.publish_dir,
            "BUILDS_KEPT": self.builds_kept,
            "TIMEZONE": self.timezone,
            "WEEK_START": self.week_start,
            "CURRENCY": self.currency,
            "ZONE_NAMES": self.zone_names,
            "EVENT_SOURCES": ",".join(self.event_sources),
            "DATABASES": self.databases or "",
            "HORIZON": self.horizon.isoformat(sep=" ") if self.horizon else "",
            "MEMORY_LIMIT": self.memory_limit,
            "THREADS": self.threads,
            "WAIT_SECONDS": self.wait_seconds,
            "ALERT_EMAIL_TO": ",".join(self.alert_email_to),
            "ALERT_EMAIL_FROM": self.alert_email_from or "",
            "ALERT_LOG": self.alert_log,
            "UI_URL": self.ui_url,
            "PAGES_URL": self.pages_url,
            "SERVE_BUCKET": self.serve_bucket or "",
            "S3_ENDPOINT": self.s3_endpoint or "",
            "S3_REGION": self.s3_region or "",
            "S3_ADDRESSING": self.s3_addressing,
            "ENGINE": self.engine,
            "SPARK_MASTER": self.spark_master or "",
            "SPARK_DIR": self.spark_dir,
        }
        return {f"YUNYING_{name}": str(value) for name, value in values.items()}

    def spark_secrets(self) -> dict[str, str]:
        """What a process asks a server of Spark with, as environment variables."""
        return {"YUNYING_SPARK_PASSWORD": self.spark_password or ""}

    @property
    def of_rows(self) -> list[str | None]:
        """The settings that rows depend on: with others, what stands is computed anew."""
        return [
            self.timezone,
            self.week_start,
            self.currency,
            self.zone_names,
            ",".join(self.event_sources),
            self.horizon.isoformat() if self.horizon else None,
            self.engine,
        ]

    @property
    def own_raw_dir(self) -> Path:
        """The raw folder, for a demo that writes into it. Raises `SettingsError`."""
        if isinstance(self.raw_dir, Path):
            return self.raw_dir
        raise SettingsError(
            "YUNYING_RAW_DIR is a bucket, and a demo writes into a folder of this machine: unset "
            "it, or give a folder"
        )

    @property
    def validations_dir(self) -> Path:
        """Where Great Expectations stores the suites' results, with ids of people in them."""
        return self.warehouse.parent / "validations"

    @property
    def data_docs_dir(self) -> Path:
        """Where it writes the pages of these results: beside them, without ids of people."""
        return self.warehouse.parent / "data_docs"

    def redact(self, text: str) -> str:
        """The text without any secret of these settings."""
        for secret in sorted(self._secrets(), key=len, reverse=True):
            text = text.replace(secret, "•••")
        return text

    def _secrets(self) -> set[str]:
        secrets = {
            self.pseudonym_key,
            self.erasure_key,
            self.alert_webhook,
            self.alert_smtp_url,
            self.spark_password,
        }
        if self.alert_webhook:
            parts = urlsplit(self.alert_webhook)
            secrets |= {parts.path.strip("/"), parts.query, parts.password}
        if self.alert_smtp_url:
            password = urlsplit(self.alert_smtp_url).password
            secrets |= {password, password and unquote(password)}
        if self.serve_postgres:
            secrets |= {self.serve_postgres, *_libpq_passwords(self.serve_postgres)}
        return {secret for secret in secrets if secret}


MEANINGS: Mapping[str, tuple[str, str]] = {
    "raw_dir": ("where raw feeds arrive: a folder, or `s3://bucket/prefix` (see "
                "[buckets](sources.md#buckets))",
                "原始数据放在哪里：文件夹，或 `s3://桶/前缀`（见[对象存储](sources.md#对象存储)）"),
    "seeds_dir": ("the definitions", "定义放在哪里"),
    "warehouse": ("the working database; who reads it while a build runs makes the build wait",
                  "工作库；构建时若有人在读它，构建要等"),
    "publish_dir": ("what readers see", "读者看到的数据"),
    "builds_kept": ("builds that are kept for readers, the current one included",
                    "为读者保留几次构建，含当前这一次"),
    "timezone": ("reporting time zone, like `Asia/Shanghai`: it cuts days, weeks and months",
                 "报表时区，如 `Asia/Shanghai`：日、周、月按它切"),
    "week_start": ("`monday` or `sunday`", "一周从哪天开始：`monday` 或 `sunday`"),
    "currency": ("currency of amounts; rows in another one are quarantined, unless "
                 "`seeds/currency_rates.csv` has a rate",
                 "金额的币种；其他币种的行会被隔离，除非 `seeds/currency_rates.csv` 给了汇率"),
    "zone_names": ("what names of time zones mean in your feeds: `CST=+08:00,IST=+05:30`; a time "
                   "with another name is quarantined",
                   "数据里时区缩写的含义：`CST=+08:00,IST=+05:30`；带其他缩写的时间会被隔离"),
    "event_sources": ("logs that become events, like `feed,segment`: see "
                      "[sources](sources.md#logs-of-known-tools)",
                      "哪些日志成为事件，如 `feed,segment`：见[数据源](sources.md#已知工具的日志)"),
    "databases": ("the file that says which tables of MySQL and PostgreSQL are read: see "
                  "[sources](sources.md#databases)",
                  "写明读取 MySQL、PostgreSQL 哪些表的文件：见[数据源](sources.md#数据库)"),
    "horizon": ("build as of this instant (ISO 8601): what occurred later is left out",
                "只算到这一刻（ISO 8601），之后发生的不算"),
    "pseudonym_key": ("when set, `user_id` and `anonymous_id` are published as keyed hashes",
                      "设了以后，发布的 `user_id` 和 `anonymous_id` 都是带密钥的哈希值"),
    "erasure_key": ("key of the hashes that keep erased people out; it must not change",
                    "被删除的人按这个密钥的哈希挡在外面；不能改"),
    "memory_limit": ("memory that DuckDB may take; with Python and what DuckDB does not count, a "
                     "build takes about 4 GB. What does not fit is written beside the warehouse, "
                     "into `warehouse.duckdb.tmp`, and goes again",
                     "DuckDB 可用的内存；加上 Python 与 DuckDB 未计入的部分，一次构建约 4 GB。"
                     "放不下的会写到工作库旁的 `warehouse.duckdb.tmp`，用完即删"),
    "threads": ("threads that DuckDB may take; 1: one worker of Spark on this machine, not two",
                "DuckDB 可用的线程数；为 1 时，本机的 Spark 也只用一个 worker"),
    "wait_seconds": ("how long a build waits for a warehouse that another program has open",
                     "别的程序打开着工作库时，构建最多等多少秒"),
    "alert_webhook": ("where alerts are posted too: an incoming webhook of Slack, Feishu, "
                      "DingTalk, WeCom, or your own",
                      "告警同时发到这里：Slack、飞书、钉钉、企业微信或自建的 webhook"),
    "alert_smtp_url": ("the server that mails them: `smtp://user:password@host:587`, or "
                       "`smtps://…`",
                       "发告警邮件的服务器：`smtp://user:password@host:587`，或 `smtps://…`"),
    "alert_email_to": ("who gets the mail, with commas between", "收件人，用逗号分开"),
    "alert_email_from": ("the sender", "发件人"),
    "alert_log": ("the log that every alert is added to", "每条告警都追加到这个日志"),
    "ui_url": ("where people reach the UI: alerts link to it",
               "大家从哪里打开界面：告警里的链接用它"),
    "pages_url": ("where people reach the pages that `make dev` serves beside the UI: it links to "
                  "boards and reports there",
                  "大家访问 `make dev` 在界面旁边提供的页面的地址：界面从这里链接到看板和检查报告"),
    "serve_postgres": ("a PostgreSQL database that is filled with every build too: "
                       "`postgresql://user:password@host:5432/database`",
                       "每次构建同时写入的 PostgreSQL 数据库："
                       "`postgresql://user:password@host:5432/database`"),
    "serve_bucket": ("a folder in a bucket that gets every build's Parquet too, "
                     "`s3://bucket/prefix`: see [buckets](sources.md#published-to-a-bucket)",
                     "每次构建的 Parquet 同时写到桶里的这个文件夹，`s3://桶/前缀`："
                     "见[对象存储](sources.md#发布到桶里)"),
    "s3_endpoint": ("the server of buckets that are not at AWS: `https://host`",
                    "桶不在 AWS 时的服务器：`https://主机`"),
    "s3_region": ("the region of the buckets", "桶所在的地域"),
    "s3_addressing": ("where requests name the bucket: `path`, or `virtual` (in the host's name)",
                      "请求里桶名写在哪里：`path`（路径），或 `virtual`（主机名）"),
    "engine": ("what makes the tables: `duckdb`, or `spark` (see [Spark](spark.md))",
               "由谁来算各张表：`duckdb` 或 `spark`（见[Spark](spark.md)）"),
    "spark_master": ("the cluster that Spark runs on, like `spark://host:7077`, or a server that "
                     "is asked over Thrift, like `thrift://user@host:10000`",
                     "Spark 用哪个集群，如 `spark://host:7077`；或通过 Thrift 访问的服务器，"
                     "如 `thrift://user@host:10000`"),
    "spark_password": ("the password for that server, where it asks for one (LDAP)",
                       "这个服务器要求密码（LDAP）时的密码"),
    "spark_dir": ("the folder of its tables, which all its workers see",
                  "它的表放在哪个文件夹，所有 worker 都要能访问"),
}  # fmt: skip
"""What each setting means, in English and Chinese, as docs/ say it."""
UNSET: Mapping[str, tuple[str, str]] = {
    "erasure_key": ("drawn once, kept beside the warehouse", "第一次用到时生成，存在工作库旁边"),
    "event_sources": ("the var `event_sources`: `feed`", "变量 `event_sources`：`feed`"),
    "threads": ("all cores", "全部核"),
    "alert_email_from": ("the first of the recipients", "第一个收件人"),
    "s3_endpoint": ("`AWS_ENDPOINT_URL`, else AWS", "`AWS_ENDPOINT_URL`，否则为 AWS"),
    "s3_region": ("`AWS_REGION`, or the profile's", "`AWS_REGION`，或 profile 里的"),
    "spark_master": (
        "one of this machine, for the time of the build",
        "本机的集群，构建时启动",
    ),
    "s3_addressing": (
        "`path` with an endpoint, else `virtual`",
        "设了服务器为 `path`，否则 `virtual`",
    ),
}
"""What holds where nothing is set, of settings whose default does not say so."""


def secret(name: str) -> str | None:
    """A secret that the environment holds under a name of people's own."""
    return os.environ.get(name) or None


def other_environment() -> dict[str, str]:
    """The process's environment without settings: for a process that is given others."""
    return {name: text for name, text in os.environ.items() if not name.startswith("YUNYING_")}


def _path(name: str, value: str) -> Path:
    if "://" in value:
        mend = {
            "RAW_DIR": "give a folder, or s3://bucket/prefix (YUNYING_S3_ENDPOINT: its server)",
            "PUBLISH_DIR": "boards read a folder of this machine; with YUNYING_SERVE_BUCKET each "
            "build goes to a bucket too",
            "SPARK_DIR": "give a folder that the driver and every worker see under one path, like "
            "one of NFS or a mount of a bucket: the warehouse and boards read its files",
        }.get(name, "give a path on this machine")
        raise SettingsError(f"YUNYING_{name} is a URL that cannot be used: {mend}")
    path = Path(value).expanduser()
    return path if path.is_absolute() else (ROOT / path).resolve()


def _databases(value: str, raw: str) -> Path | None:
    if value and raw.startswith("s3:"):
        raise SettingsError(
            "YUNYING_DATABASES brings rows into files of YUNYING_RAW_DIR, which is a bucket: give "
            "a folder of this machine"
        )
    return _path("DATABASES", value) if value else None


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise SettingsError(
            f"YUNYING_TIMEZONE={value!r} is no IANA time zone; give one like Asia/Shanghai"
        ) from error
    return value


def _zone_names(value: str) -> str:
    """Names of time zones with their offsets, in one order: `CST=+08:00,IST=+05:30`."""
    offsets: dict[str, str] = {}
    for part in _list(value):
        pair = re.fullmatch(
            r"([A-Za-z][A-Za-z0-9_/+:-]*)\s*=\s*([+-](?:0\d|1[0-5]):[0-5]\d)", part, re.ASCII
        )
        name = pair.group(1).upper() if pair else ""
        if pair is None or name in {"Z", "UTC", "GMT"} or offsets.get(name, pair[2]) != pair[2]:
            raise SettingsError(
                f"YUNYING_ZONE_NAMES has {part!r}: give names with one offset each, like "
                "CST=+08:00,IST=+05:30; Z, UTC and GMT have theirs"
            )
        offsets[name] = pair[2]
    return ",".join(f"{name}={offset}" for name, offset in sorted(offsets.items()))


def known_sources() -> list[str]:
    """What YUNYING_EVENT_SOURCES may name."""
    staging = DBT_PROJECT_DIR / "models" / "staging"
    return sorted(path.parent.name for path in staging.glob("*/stg_*__events.sql"))


def _event_sources(value: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part.lower() for part in _list(value)))
    for name in names:
        if name not in known_sources():
            raise SettingsError(
                f"YUNYING_EVENT_SOURCES has {name!r}, which no folder of models/staging reads: "
                f"give some of {', '.join(known_sources())}"
            )
    return names


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise SettingsError(f"YUNYING_{name}={value!r}: give one of {', '.join(allowed)}")
    return value


def _positive(name: str, value: str) -> int:
    if not value.isdigit() or int(value) < 1:
        raise SettingsError(f"YUNYING_{name}={value!r}: give a whole number from 1")
    return int(value)


def _list(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _url(name: str, value: str, example: str) -> str | None:
    """A URL of the example's scheme, or of its encrypted twin. The message never shows the value:
    it may hold a secret."""
    if not value:
        return None
    wanted = urlsplit(example).scheme.removesuffix("s")
    try:
        parts = urlsplit(value)
        is_good = parts.scheme.removesuffix("s") == wanted and parts.hostname is not None
        _ = parts.port
    except ValueError:
        is_good = False
    if not is_good or any(character.isspace() for character in value):
        raise SettingsError(f"YUNYING_{name} is not shown here and cannot be used: give {example}")
    return value


def _bucket(name: str, value: str) -> str:
    """`s3://bucket/prefix`, without a slash at its end. Nothing secret belongs there."""
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]+)(/[^?#@]*)?", value, re.IGNORECASE)
    if found is None:
        raise SettingsError(
            f"YUNYING_{name} is not shown here and cannot be used: give s3://bucket/prefix, and "
            "credentials as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    return f"s3://{found[1]}/{(found[2] or '').strip('/')}".rstrip("/")


def _endpoint(value: str | None) -> str | None:
    if value and not re.fullmatch(r"https?://[^\s@?#]+", value):
        raise SettingsError(
            "YUNYING_S3_ENDPOINT is not shown here and cannot be used: give https://host, and the "
            "bucket in s3://bucket/prefix"
        )
    return value.rstrip("/") if value else None


def _libpq(name: str, value: str) -> str | None:
    """A URL, or words `key=value`, as libpq takes them. The message never shows the value."""
    if not value:
        return None
    is_url = re.match(r"postgres(ql)?://", value) is not None
    if not is_url and not re.match(r"\w+\s*=", value):
        example = "postgresql://user:password@host:5432/database"
        raise SettingsError(f"YUNYING_{name} is not shown here and cannot be used: give {example}")
    return value


def _libpq_passwords(value: str) -> set[str]:
    """The passwords in it, as they are written and as they are meant."""
    written = re.findall(r"password\s*=\s*(?:'((?:[^'\\]|\\.)*)'|([^\s&']+))", value)
    found = {quoted or bare for quoted, bare in written}
    # As libpq reads it: up to the first @ that follows the user's colon.
    found.update(re.findall(r"^\w+://[^:@/?]*:([^@]*)@", value))
    return (
        found
        | {unquote(text) for text in found}
        | {re.sub(r"\\(.)", r"\1", text) for text in found}
    )


def _instant(name: str, value: str) -> datetime | None:
    """Parse ISO 8601 to a naive UTC timestamp; without an offset it is UTC already."""
    if not value:
        return None
    try:
        instant = datetime.fromisoformat(value)
    except ValueError as error:
        raise SettingsError(
            f"YUNYING_{name}={value!r} is no ISO 8601 instant; give one like 2024-05-31T23:59:59Z"
        ) from error
    if instant.tzinfo:
        instant = instant.astimezone(UTC).replace(tzinfo=None)
    return instant
