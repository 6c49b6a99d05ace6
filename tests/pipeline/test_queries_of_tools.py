"""The queries over a tool's own tables that the page of sources gives: they run, both languages
give the same, and what comes out is what the log of that tool reads."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb
import pytest

from orchestration.ingest.exports import EXPORTS
from orchestration.project import ROOT
from tests.pipeline.postgres_server import Server, postgres_server

DOCS = [ROOT / "docs" / language / "sources.md" for language in ("en", "zh-CN")]
READ = {export.feed.name: {*export.feed.column_names} for export in EXPORTS}


def queries(log: str) -> list[str]:
    """Each query that the section of a log gives."""
    found = []
    for page in DOCS:
        section = page.read_text(encoding="utf-8").split(f"`{log}`\n")[1].split("\n### ")[0]
        found.append(re.findall(r"(?m)^    select (?:.*\n)(?:    .*\n)*", section))
    assert found[0] == found[1] != []
    return found[0]


MATOMO = """
create table log_action (idaction integer, name text, type integer);
insert into log_action values (1, 'shop.example/a', 1), (2, 'Shop', 4), (3, 'Video', 10),
    (4, 'play', 11), (5, 'banner', 13);
create table log_visit (idvisit integer, user_id text, visit_first_action_time timestamp,
    referer_type integer, referer_name text, referer_keyword text, referer_url text,
    location_country text);
insert into log_visit values (7, 'ann', '2024-03-01 06:00:00', 6, 'spring', 'shoes', null, 'fr');
create table log_link_visit_action (idlink_va integer, idsite integer, idvisit integer,
    idvisitor blob, server_time timestamp, idaction_url integer, idaction_name integer,
    idaction_event_category integer, idaction_event_action integer,
    idaction_content_name integer, custom_float double);
insert into log_link_visit_action values
    (1, 1, 7, '\\xAB\\xCD'::blob, '2024-03-01 06:00:00', 1, 2, null, null, null, null),
    (2, 1, 7, '\\xAB\\xCD'::blob, '2024-03-01 06:01:00', 1, null, 3, 4, null, 2.5),
    (3, 1, 7, '\\xAB\\xCD'::blob, '2024-03-01 06:02:00', 1, null, null, null, 5, null);
create table site (idsite integer, currency text);
insert into site values (1, 'EUR');
create table log_conversion (idvisit integer, idgoal integer, buster integer, idsite integer,
    idvisitor blob, server_time timestamp, url text, idorder text, revenue double, items integer);
insert into log_conversion values
    (7, 0, 4711, 1, '\\xAB\\xCD'::blob, '2024-03-01 06:03:00', 'shop.example/pay', 'o1', 9.5, 2);
"""


def test_those_of_matomo_say_what_was_done_and_paid() -> None:
    actions, conversions = queries("matomo")
    with duckdb.connect() as connection:
        connection.execute(MATOMO)
        rows = []
        for query in (actions, conversions):
            told = connection.execute(f"select * from ({query}) order by server_time")
            names = [column[0] for column in told.description or ()]
            kept = {"name", "event_category", "event_action", "content_name", "value", "items"}
            assert {*names} <= READ["matomo"] | kept
            rows += [dict(zip(names, row, strict=True)) for row in told.fetchall()]
    assert {row["idvisitor"] for row in rows} == {"abcd"}
    assert {row["user_id"] for row in rows} == {"ann"}
    said = [(row.get("name"), row.get("event_action"), row.get("content_name")) for row in rows]
    assert said == [("Shop", None, None), (None, "play", None), (None, None, "banner"),
                    (None, None, None)]  # fmt: skip
    assert (rows[0]["url"], rows[0]["url_type"], rows[0]["name_type"]) == ("shop.example/a", 1, 4)
    assert (rows[3]["idorder"], rows[3]["revenue"], rows[3]["currency"]) == ("o1", 9.5, "EUR")


UMAMI = """
create table session (session_id uuid, country char(2), distinct_id varchar(50));
create table website_event (event_id uuid, website_id uuid, session_id uuid, visit_id uuid,
    created_at timestamptz(6), url_path varchar(500), url_query varchar(500),
    event_type integer, event_name varchar(50));
create table event_data (event_data_id uuid, website_event_id uuid, data_key varchar(500),
    string_value varchar(500), number_value decimal(19, 4), date_value timestamptz(6));
create table revenue (revenue_id uuid, event_id uuid, currency varchar(10), revenue decimal(19, 4));
insert into session values (md5('s')::uuid, 'FR', 'ann');
insert into website_event
select md5('e' || n)::uuid, md5('w')::uuid, md5('s')::uuid, md5('v')::uuid,
    '2024-03-01 06:00:00+00', '/home', '', n, case when n = 2 then 'Paid' end
from generate_series(1, 2) as n;
insert into event_data values
    (md5('1')::uuid, md5('e2')::uuid, 'order_id', 'o1', null, null),
    (md5('2')::uuid, md5('e2')::uuid, 'amount', null, 9.5, null);
insert into revenue values (md5('r')::uuid, md5('e2')::uuid, 'EUR', 9.5);
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres_server() as started:
        yield started


def test_that_of_umami_brings_user_country_money_and_what_was_sent(server: Server) -> None:
    [query] = queries("umami")
    with server.connect() as connection:
        connection.execute(UMAMI)
        told = connection.execute(query + " order by w.event_type")
        names = [column.name for column in told.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in told.fetchall()]
    assert {*names} <= READ["umami"]
    assert [(row["distinct_id"], row["country"]) for row in rows] == [("ann", "FR")] * 2
    assert [row["event_data"] for row in rows] == [None, {"order_id": "o1", "amount": "9.5000"}]
    assert (str(rows[1]["revenue"]), rows[1]["currency"]) == ("9.5000", "EUR")
