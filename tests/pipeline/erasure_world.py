"""A person with unmistakable words in every field of theirs, among others, in every format."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import zstandard

PERSON = "Pia-PLANTED"
DEVICE = "device-PLANTED"
MARK = b"PLANTED"


def event(
    number: int, user: str | None, device: str | None, day: int, **more: Any
) -> dict[str, Any]:
    return {
        "event_id": f"e{number}",
        "event_name": "order" if number % 3 else "open",
        "occurred_at": f"2024-01-{day:02d}T10:{number % 60:02d}:00Z",
        "user_id": user,
        "anonymous_id": device,
        "order_id": f"o{number}",
        "amount": "5",
        **more,
    }


# The rows of the person, every field of them unmistakable; by feed.
THEIRS: dict[str, list[dict[str, Any]]] = {
    "events": [
        event(
            900,
            PERSON,
            DEVICE,
            3,
            event_id="e-PLANTED",
            session_id="session-PLANTED",
            platform="platform-PLANTED",
            page="page-PLANTED",
            referrer="referrer-PLANTED",
            utm_source="source-PLANTED",
            content_id="content-PLANTED",
            order_id="order-PLANTED",
            own_column="own-PLANTED",
            properties={"name": "property-PLANTED", "nested": ["list-PLANTED"]},
        ),
        event(901, None, DEVICE, 1),  # before they signed in
        event(902, PERSON, "tablet", 4),
        event(903, None, "tablet", 5),  # seen with them first: theirs
        event(904, PERSON, "kiosk", 2),
        event(905, PERSON, None, 28),  # the last of all
        event(906, PERSON, None, 6, event_name=None, page="quarantined-PLANTED"),
        event(907, PERSON, None, 7, event_name="invite", campaign_id="c", invite_id="i-PLANTED"),
        # What somebody else did, and names them.
        event(908, "u6", "d6", 8, event_name="accept", campaign_id="c",
              properties={"invite_id": "i-PLANTED", "inviter_id": PERSON}),
        # What starts a piece of others, until it never was.
        event(909, PERSON, None, 9, event_name="publish", content_id="theirs", amount=None),
    ],
    "users": [{"user_id": PERSON, "created_at": "2024-01-01", "mail": "mail-PLANTED"}],
    "campaign_assignments": [{"campaign_id": "c", "user_id": PERSON, "variant": "v-PLANTED"}],
    "feedback": [
        {"user_id": PERSON, "comment": "comment-PLANTED", "submitted_at": "2024-01-05"}
    ],
    "consents": [
        {"user_id": PERSON, "purpose": "marketing", "is_granted": "true",
         "recorded_at": "2024-01-02"},
        {"anonymous_id": DEVICE, "purpose": "analytics", "is_granted": "true",
         "recorded_at": "2024-01-02"},
    ],
    "contents": [{"content_id": "mine", "author_id": PERSON, "title": "title-PLANTED"}],
}  # fmt: skip
OTHERS: dict[str, list[dict[str, Any]]] = {
    "events": [
        *(event(n, f"u{n % 7}", f"d{n % 7}", 1 + n % 26) for n in range(60)),
        event(70, None, "d3", 9),
        event(71, "u1", "tablet", 20),
        # One of four on the kiosk: nobody's own, also when one of them is gone.
        *(event(72 + n, f"u{n}", "kiosk", 3 + n) for n in range(3)),
        event(76, None, "kiosk", 12),
        event(77, "u4", None, 12, event_name="publish", content_id="theirs", amount=None),
    ],
    "users": [{"user_id": f"u{n}", "created_at": "2024-01-01"} for n in range(7)],
    "campaign_assignments": [{"campaign_id": "c", "user_id": "u1"}],
    "feedback": [{"user_id": "u2", "submitted_at": "2024-01-05", "comment": "fine"}],
    "consents": [
        *(
            {
                "user_id": user,
                "anonymous_id": device,
                "purpose": purpose,
                "is_granted": answer,
                "recorded_at": f"2024-01-{day:02d}",
            }
            for user, device, purpose, answer, day in (
                ("u1", None, "marketing", "no", 3),
                ("u2", None, "marketing", "true", 2),
                ("u2", None, "marketing", "true", 4),
                (None, "d2", "marketing", "false", 6),
                ("u2", None, "analytics", "true", 2),
                ("u2", None, "marketing", "true", 9),
                ("u3", None, "marketing", "false", 5),
                ("u3", None, "marketing", "true", 5),
            )
        ),
    ],
    "contents": [{"content_id": "theirs", "author_id": "u1", "title": "a title"}],
}
SEEDS = {
    "event_names": "event_name,label_en,label_zh,area,role,is_activity,is_key_action\n"
    "order,Order,下单,product,order,,true\ninvite,,,,invite,,\naccept,,,,invite_accept,,\n"
    "publish,,,,publish,,\n",
    "funnels": "funnel_id,window_seconds\nf,604800\n",
    "funnel_steps": "funnel_id,step_number,event_name\nf,1,open\nf,2,order\n",
    "retentions": "retention_id,cohort_event,cohort_mode,return_event,granularity,periods\n"
    "r,*,first_ever,*,day,5\n",
    "features": "feature_id,event_name\nf,order\n",
}
REQUEST = {"request_id": "request-PLANTED", "user_id": PERSON, "requested_at": "2024-02-01"}


def write(folder: Path, feeds: dict[str, list[dict[str, Any]]], name: str) -> None:
    """Each feed in another format: the events in all of them."""
    for feed, rows in feeds.items():
        target = folder / "raw" / feed
        target.mkdir(parents=True, exist_ok=True)
        if feed != "events":
            write_jsonl(target / f"{name}.jsonl", rows)
            continue
        write_jsonl(target / f"{name}-1.jsonl", rows[::4])
        (target / f"{name}-2.csv.gz").write_bytes(gzip.compress(as_csv(rows[1::4])))
        write_parquet(target / f"{name}-3.parquet", rows[2::4])
        text = "".join(json.dumps(row) + "\n" for row in rows[3::4])
        (target / f"{name}-4.jsonl.zst").write_bytes(zstandard.compress(text.encode()))


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    for row in rows:
        writer.writerow({k: json.dumps(v) if isinstance(v, dict) else v for k, v in row.items()})
    return out.getvalue().encode()


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    lines = path.with_suffix(".tmp")
    write_jsonl(lines, rows)
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select * from read_json('{lines}', format = 'newline_delimited')) "
            f"to '{path}' (format parquet, compression zstd)"
        )
    lines.unlink()


def everything(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file's name and bytes, unpacked too where they are packed."""
    with duckdb.connect() as connection:
        for path in folder.rglob("*"):
            if not path.is_file() or path.is_symlink():
                continue
            content = path.read_bytes()
            yield str(path), content
            if path.suffix == ".gz":
                yield str(path), zlib.decompress(content, wbits=31)
            elif path.suffix == ".zst":
                yield str(path), zstandard.ZstdDecompressor().stream_reader(content).read()
            elif path.suffix == ".parquet":
                rows = connection.execute(f"select * from read_parquet('{path}')").fetchall()
                yield str(path), repr(rows).encode()


def holding(folder: Path) -> list[str]:
    return [
        name for name, content in everything(folder) if MARK in content or MARK.decode() in name
    ]
