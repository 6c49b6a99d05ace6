"""The marts give back what was planted, and dirt changes none of them.

One world is built twice: as it is delivered, and without dirt. Larger ones are `long`.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from demo.business import clock, plan
from demo.business.features import adopted_rate
from orchestration.project import ROOT, Settings
from orchestration.transform.dbt_runs import load_manifest
from tests.business.test_planted import ACTIVE
from tests.business.worlds import (
    World,
    Z,
    campaign,
    holds,
    made,
    median_holds,
    poisson_holds,
)
from tests.support import ingest_raw, query, settings_of, transform
from verify.compare import BUILD_TIME_COLUMNS, PROVENANCE_COLUMNS, compare, histories

SIZE, *LARGER = 20_000, 60_000, 200_000
WORLDS = [
    pytest.param((SIZE, True), id="dirty"),
    pytest.param((SIZE, False), id="clean"),
    *(pytest.param((size, True), id=f"dirty-{size}", marks=pytest.mark.long) for size in LARGER),
]
ENVIRONMENT = {"YUNYING_TIMEZONE": plan.TIMEZONE, "YUNYING_CURRENCY": plan.CURRENCY}


@dataclass(frozen=True)
class Built:
    """A world, and the warehouse that was made of it."""

    world: World
    settings: Settings

    def query(self, sql: str) -> list[dict[str, object]]:
        return query(self.settings.warehouse, sql)


@pytest.fixture(scope="module", params=WORLDS)
def each(request: pytest.FixtureRequest, built: Callable[[int, bool], Built]) -> Built:
    return built(*request.param)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, bool], Built]:
    @cache
    def build(size: int, is_dirty: bool) -> Built:
        folder = tmp_path_factory.mktemp("business")
        world = made(folder, size, is_dirty=is_dirty)
        shutil.copytree(ROOT / "demo" / "business" / "seeds", folder / "seeds")
        settings = settings_of(folder, ENVIRONMENT)
        ingest_raw(settings)
        transform(settings)
        return Built(world, settings)

    return build


def test_the_ledger_says_what_was_written(each: Built) -> None:
    rows = each.query("select * from staging.stg_ingest_ledger")
    files = each.world.truth["files"]
    assert {row["source_file"] for row in rows} == files.keys()
    for row in rows:
        told = files[row["source_file"]]
        broken = sum(told.get("broken", {}).values())
        assert (row["rows_in"] or 0, row["rows_duplicate"] or 0, row["rows_quarantined"] or 0) == (
            told["rows"], told["duplicates"], broken,
        )  # fmt: skip
        assert (row["error"] is not None) == told.get("is_truncated", False)


def test_broken_rows_are_in_quarantine_with_their_reasons(
    built: Callable[[int, bool], Built],
) -> None:
    dirty, clean = built(SIZE, True), built(SIZE, False)
    got = {
        (row["source_file"], row["reason"]): row["rows"]
        for row in dirty.query(
            "select source_file, reason, count(*) as rows from staging.stg_events__quarantined"
            " group by all"
        )
    }
    written = {
        (file, reason): count
        for file, told in dirty.world.truth["files"].items()
        for reason, count in told.get("broken", {}).items()
    }
    assert got == written
    assert {reason for _, reason in got} == set(plan.BROKEN_REASONS)
    assert clean.query("select * from staging.stg_events__quarantined") == []


@pytest.mark.parametrize("size", [SIZE, pytest.param(LARGER[0], marks=pytest.mark.long)])
def test_dirt_changes_no_mart(built: Callable[[int, bool], Built], size: int) -> None:
    manifest = load_manifest()
    of_files = {
        f"{node['schema']}.{node['alias']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["path"].startswith("marts/quality/")
    }
    dirty, clean = (built(size, each).settings.warehouse for each in (True, False))
    comparison = compare(
        dirty, clean, BUILD_TIME_COLUMNS | PROVENANCE_COLUMNS, histories(manifest) | of_files
    )
    marts = [each for each in comparison.differences if each.table.startswith("marts.")]
    assert [str(each) for each in marts] == []


def test_people_active_on_each_day(each: Built) -> None:
    rows = each.query("select activity_date, dau from marts.mart_active_users_daily")
    got = {clock.day_number(row["activity_date"]): row["dau"] for row in rows}
    drawn = each.world.drawn["active_by_day"]
    assert {day: got[day] for day in range(plan.DAYS) if day in got} == {
        day: count for day, count in enumerate(drawn) if day in got
    }
    assert sum(drawn[day] for day in range(plan.DAYS) if day not in got) == 0


def test_new_people_of_each_month(each: Built) -> None:
    rows = each.query(
        "select period_start_date, new_user_count from marts.mart_growth_accounting"
        " where activity_id = 'any' and grain = 'month'"
    )
    got = {f"{row['period_start_date']:%Y-%m}": row["new_user_count"] for row in rows}
    drawn = dict.fromkeys(got, 0)
    for month, count in zip(
        clock.month_of(range(plan.DAYS)), each.world.drawn["new_by_day"], strict=True
    ):
        drawn[month] += count
    # The first instants of the month after are the end of the data.
    assert got == drawn | {month: 0 for month in got if month not in drawn}


def test_orders_and_money_of_each_month(each: Built) -> None:
    rows = each.query(
        "select period_start_date, order_count, gross_amount, refunded_amount"
        " from marts.mart_sales_periods where grain = 'month'"
    )
    got = {f"{row['period_start_date']:%Y-%m}": row for row in rows}
    drawn = each.world.drawn
    for month, orders in drawn["orders_by_month"].items():
        row = got[month]
        assert row["order_count"] == orders
        for of in ("gross", "refunded"):
            assert round(row[f"{of}_amount"] * 100) == drawn[f"{of}_cents_by_month"][month]


def test_kpis_are_what_was_drawn_and_meet_as_many_targets_as_planned(each: Built) -> None:
    drawn = each.world.drawn
    reached = {
        "sign_ups": drawn["sign_ups_by_month"],
        "paid_amount": {m: cents / 100 for m, cents in drawn["gross_cents_by_month"].items()},
        "refunded": {m: cents / 100 for m, cents in drawn["refunded_cents_by_month"].items()},
    }
    for kpi, by_month in reached.items():
        rows = each.query(
            "select period_start_date, value, is_on_target from marts.mart_kpi_values"
            f" where kpi_id = '{kpi}' and grain = 'month'"
        )
        got = {f"{row['period_start_date']:%Y-%m}": row["value"] for row in rows}
        assert {month: got[month] for month in by_month} == pytest.approx(by_month)
        met = [row["is_on_target"] for row in rows if row["is_on_target"] is not None]
        if kpi != "refunded":
            assert (sum(map(bool, met)), len(met)) == (plan.TARGETS_MET, plan.TARGET_MONTHS)


def test_new_users_of_each_day_are_a_kpi_too(each: Built) -> None:
    rows = each.query(
        "select period_start_date, value from marts.mart_kpi_values"
        " where kpi_id = 'new_users' and grain = 'day'"
    )
    came = {row["period_start_date"]: row["value"] for row in rows}
    for day, count in enumerate(each.world.drawn["new_by_day"]):
        assert came.get(clock.date_of(day), 0) == count


def test_the_way_to_paying(each: Built) -> None:
    rows = each.query(
        "select mature_reached_count as reached, mature_previous_count as previous"
        " from marts.mart_funnel_conversion"
        " where funnel_id = 'sign_up_to_pay' and grain = 'all' and breakdown_value is null"
        " order by step_number"
    )
    assert len(rows) == 1 + len(plan.STEP_RATES)
    for row, rate in zip(rows[1:], plan.STEP_RATES, strict=True):
        assert holds(rate, row["reached"], row["previous"])


def test_what_is_clicked_is_read_and_finished_as_often_as_planned(each: Built) -> None:
    rows = each.query(
        "select mature_reached_count as reached, mature_previous_count as previous"
        " from marts.mart_funnel_conversion"
        " where funnel_id = 'shown_to_finished' and grain = 'all' and breakdown_value is null"
        " order by step_number"
    )
    finished = sum(share * rate for _, share, rate in plan.ORIGINS)
    # Of the first step attempts are counted, not what was shown: an attempt may see several. Its
    # time may be over between a click and the read.
    assert 0.99 * rows[2]["previous"] <= rows[2]["reached"] <= rows[2]["previous"]
    assert rows[2]["reached"] > 100
    assert holds(finished, rows[3]["reached"], rows[3]["previous"])


def test_content_is_made_as_planned(each: Built) -> None:
    [row] = each.query(
        "select * from marts.mart_content_supply where grain = 'all' and dimension = 'all'"
    )
    assert holds(plan.ORIGINAL_RATE, row["original_count"], row["original_known_count"])
    assert holds(plan.FIRST_PASS_RATE, row["passed_first_count"], row["reviewed_count"])
    # What is late comes out days later: of the last days' plans not all that will.
    days = each.query(
        "select sum(on_time_count) as on_time, sum(planned_count) as planned"
        " from marts.mart_content_supply where grain = 'day' and dimension = 'all' and is_mature"
    )[0]
    assert holds(plan.ON_TIME_RATE, days["on_time"], days["planned"])
    published, gone = each.world.one(
        "select count(distinct content_id) filter (where published_at is not null),"
        " count(distinct content_id) filter (where unpublished_at is not null) from contents"
    )
    assert row["published_count"] == row["original_known_count"] == published
    assert row["live_count"] == published - gone
    for dimension, column in {"origin": plan.ORIGINS, "content_type": plan.KINDS}.items():
        parts = each.query(
            "select dimension_value from marts.mart_content_supply"
            f" where grain = 'all' and dimension = '{dimension}'"
        )
        assert {part["dimension_value"] for part in parts} == {name for name, *_ in column}


def test_creators_are_paid_for_what_is_read(each: Built) -> None:
    [row] = each.query("select * from marts.mart_creators where grain = 'all'")
    authors, cents = each.world.one(
        "select (select count(distinct author_id) from contents where published_at is not null),"
        " (select sum(round(amount * 100)) from events where event_name = 'creator_rewarded')"
    )
    assert row["active_creator_count"] == row["new_creator_count"] == authors
    assert int(row["reward_amount"] * 100) == cents
    # Of two reads of one piece by one reader that overlap, the later has both ends.
    finished = each.world.drawn["events"]["read_finished"]
    assert 0.97 * finished <= row["finished_read_count"] <= finished


def test_what_is_clicked_by_its_place(each: Built) -> None:
    rows = each.query(
        "select * from marts.mart_content_positions where grain = 'all' order by position"
    )
    assert [row["position"] for row in rows] == [1, 2, 3, 4]
    shown = sum(row["exposure_count"] for row in rows)
    assert shown == each.world.drawn["events"]["content_shown"]
    for row, rate in zip(rows, plan.CLICK_RATES, strict=True):
        assert holds(rate, row["mature_clicked_exposure_count"], row["mature_exposure_count"])


def test_what_is_finished_and_opened_of_what_is_shared(each: Built) -> None:
    rows = each.query(
        "select origin, sum(read_count) as reads, sum(finished_read_count) as finished,"
        " sum(share_count) as shares, sum(share_open_count) as opens"
        " from marts.mart_content_performance where window_days is null group by origin"
    )
    events = each.world.drawn["events"]
    for column, name in {"reads": "read_started", "shares": "content_shared",
                         "opens": "share_opened"}.items():  # fmt: skip
        assert sum(row[column] for row in rows) == events[name]
    rates = {origin: rate for origin, _, rate in plan.ORIGINS}
    assert {row["origin"] for row in rows} == rates.keys()
    for row in rows:
        assert holds(rates[row["origin"]], row["finished"], row["reads"])
    assert poisson_holds(plan.OPENS_PER_SHARE * events["content_shared"], events["share_opened"])


def test_half_of_the_reads_come_in_the_half_life(each: Built) -> None:
    rows = each.query(
        "select content_type, half_life_seconds, read_count"
        " from marts.mart_content_performance as earned"
        " inner join facts.dim_content_pieces using (content_id)"
        " where window_days is null and is_mature and read_count >= 20"
    )
    assert {row["content_type"] for row in rows} == {kind for kind, *_ in plan.KINDS}
    hours = {kind: hours for kind, _, hours in plan.KINDS}
    for row in rows:
        lives = row["half_life_seconds"] / 3600 / hours[row["content_type"]]
        # The share of all reads that is planned by then, against half of those that there are.
        count = row["read_count"]
        assert abs(1 - 2**-lives - 0.5) <= Z / (2 * math.sqrt(count)) + 1 / count


@pytest.mark.parametrize("day", [1, 7, 30])
def test_retention_of_day(each: Built, day: int) -> None:
    [row] = each.query(
        "select mature_returned_count as returned, eligible_count as people"
        " from marts.mart_retention_cohorts"
        " where retention_id = 'sign_up_daily' and cohort_start_at is null"
        f" and breakdown_value is null and period_number = {day}"
    )
    told = each.world.drawn["retention"][str(day)]
    assert 0 < row["people"] <= told["people"]
    assert holds(told["expected"] / told["people"], row["returned"], row["people"])


def test_use_of_a_feature_week_after_week(each: Built) -> None:
    [row] = each.query(
        "select sum(mature_returned_count) as returned, sum(eligible_count) as people"
        " from marts.mart_retention_cohorts"
        " where retention_id = 'collections_weekly' and cohort_start_at is not null"
        " and breakdown_value is null and period_number = 1 and is_mature"
    )
    assert holds(plan.FEATURES[0].again_rate, row["returned"], row["people"])


@pytest.mark.parametrize("feature", plan.FEATURES, ids=lambda feature: feature.feature_id)
def test_features_are_adopted_and_used_again_as_planned(each: Built, feature: plan.Feature) -> None:
    [row] = each.query(
        "select * from marts.mart_feature_adoption"
        f" where feature_id = '{feature.feature_id}' and grain = 'all'"
    )
    assert holds(feature.adopted_rate, row["mature_adopter_count"], row["mature_eligible_count"])
    waits = each.query(
        "select epoch(adopted_at - eligible_at) / 86400 as days from facts.fct_feature_adoptions"
        f" where feature_id = '{feature.feature_id}' and adopted_at is not null"
        f" and eligible_date < date '{plan.START}' + {plan.DAYS - plan.ADOPT_WINDOW_DAYS - 1}"
    )
    # Half of those who ever adopt have.
    cut = 1 - math.exp(-plan.ADOPT_WINDOW_DAYS / plan.ADOPT_MEAN_DAYS)
    middle = -plan.ADOPT_MEAN_DAYS * math.log(1 - cut / 2)
    assert median_holds(middle, [float(wait["days"]) for wait in waits])
    [weeks] = each.query(
        "select sum(retained_user_count) as again, sum(previous_user_count) as before"
        " from marts.mart_feature_usage"
        f" where feature_id = '{feature.feature_id}' and grain = 'week' and is_mature"
    )
    assert holds(feature.again_rate, weeks["again"], weeks["before"])


def test_all_uses_are_of_a_feature(each: Built) -> None:
    [row] = each.query(
        "select sum(use_count) as uses from marts.mart_feature_usage where grain = 'all'"
    )
    assert row["uses"] == each.world.drawn["events"]["feature_used"]


def test_visits_end_at_checkout_as_often_as_planned(each: Built) -> None:
    [row] = each.query(
        "select * from marts.mart_page_exits where grain = 'all' and page = 'checkout'"
    )
    assert holds(plan.CHECKOUT_EXIT_RATE, row["exit_count"], row["session_count"])


def test_feedback_is_as_planned(each: Built) -> None:
    [nps] = each.query(
        "select * from marts.mart_feedback"
        " where grain = 'all' and dimension = 'kind' and dimension_value = 'nps'"
    )
    assert holds(plan.NPS_SHARES["promoters"], nps["promoter_count"], nps["score_count"])
    assert holds(plan.NPS_SHARES["detractors"], nps["detractor_count"], nps["score_count"])
    assert nps["nps"] == (nps["promoter_count"] - nps["detractor_count"]) / nps["score_count"]
    [of_all] = each.query(
        "select * from marts.mart_feedback where grain = 'all' and dimension = 'all'"
    )
    told = each.world.one(
        "select count(*), count(answered_at), count(closed_at), count(release_id),"
        " quantile_disc(epoch(answered_at - submitted_at), 0.5) from feedback"
    )
    assert told == tuple(
        of_all[column] for column in ("feedback_count", "answered_count", "closed_count",
                                      "released_count", "median_seconds_to_answer")
    )  # fmt: skip
    answered = each.query(
        "select seconds_to_answer / 3600 as hours from facts.fct_feedback"
        " where seconds_to_answer is not null"
        f" and submitted_date < date '{plan.START}' + {plan.DAYS - 30}"
    )
    assert median_holds(plan.ANSWER_MEDIAN_HOURS, [float(row["hours"]) for row in answered])


def test_channels_cost_and_bring_what_was_drawn(each: Built) -> None:
    rows = each.query(
        "select channel_id, new_user_count, cost_amount from marts.mart_channel_acquisition"
        " where grain = 'all'"
    )
    told = each.world.drawn["cost_cents"]
    channels = {channel.channel_id for channel in plan.CHANNELS}
    # What a campaign cost names no channel.
    cost = {of: cents for of, cents in told.items() if of in channels}
    cost["unassigned"] = sum(cents for of, cents in told.items() if of not in channels)
    got = {row["channel_id"]: row for row in rows}
    assert got.keys() == channels | {"unassigned"}
    assert {of: round(row["cost_amount"] * 100) for of, row in got.items()} == {
        of: cost.get(of, 0) for of in got
    }
    assert {of for of, row in got.items() if not row["new_user_count"]} == {"outdoor", "unassigned"}
    assert sum(row["new_user_count"] for row in rows) == sum(each.world.drawn["new_by_day"])


def test_who_signed_up_is_of_the_channel_that_brought_them(each: Built) -> None:
    rows = each.query(
        "select acquired.channel_id = json_extract_string(users.properties, '$.first_channel')"
        " as is_right, count(*) as users from staging.stg_feed__users as users"
        " inner join facts.fct_user_acquisitions as acquired on users.user_id = acquired.user_id"
        " group by all"
    )
    assert {row["is_right"] for row in rows} == {True}
    assert sum(row["users"] for row in rows) > 200


def test_each_model_credits_all_orders(each: Built) -> None:
    rows = each.query(
        "select model_id, sum(credited_count) as orders from marts.mart_attribution"
        " where conversion_id = 'orders' and grain = 'all' group by all"
    )
    assert len(rows) == 8
    orders = sum(each.world.drawn["orders_by_month"].values())
    assert {row["model_id"]: round(row["orders"], 6) for row in rows} == {
        row["model_id"]: orders for row in rows
    }


def test_invites_bring_whom_they_brought(each: Built) -> None:
    """Everybody who came accepted first of all, so none of K is lost."""
    [row] = each.query("select * from marts.mart_campaign_invites")
    drawn = each.world.drawn
    assert row["campaign_id"] == "invite_friends"
    assert row["participant_count"] == drawn["sign_ups"]
    assert row["invite_count"] == drawn["events"]["invite_sent"]
    assert row["accepted_count"] == row["accepted_new_count"] == drawn["events"]["invite_accepted"]
    # Of invites of the last days some will be accepted after the end of the data.
    assert holds(plan.INVITE_ACCEPTED_RATE, row["accepted_new_count"], row["invite_count"])
    assert poisson_holds(plan.INVITE_RATE * row["participant_count"], row["invite_count"])
    assert row["k_factor"] == row["accepted_new_count"] / row["participant_count"]
    days = each.query(
        "select epoch(accepted_at - invited_at) / 86400 as days from facts.fct_campaign_acceptances"
    )
    assert median_holds(plan.INVITE_MEDIAN_DAYS, [float(day["days"]) for day in days])
    (cycle,) = each.world.one(
        f"""
        with firsts as (
            select person, min(occurred_at) as since from acts where event_name in {ACTIVE}
            group by person
        )
        select median(epoch_us(a.occurred_at - firsts.since)) / 1000000 from acts as a
        inner join firsts on property(a, 'inviter_id') = firsts.person
        where a.event_name = 'invite_accepted'
        """
    )
    assert row["median_cycle_seconds"] == pytest.approx(cycle, abs=1e-6)


def test_the_product_spreads_as_planned(each: Built) -> None:
    """What one campaign tells of its invites, the whole product does, of those that are ripe."""
    [row] = each.query("select * from marts.mart_referrals where grain = 'all'")
    assert row["invite_count"] == each.world.drawn["events"]["invite_sent"]
    assert row["accepted_count"] == each.world.drawn["events"]["invite_accepted"]
    ripe, accepted = int(row["mature_invite_count"]), int(row["mature_accepted_count"])
    assert 0 < ripe < row["invite_count"]
    assert holds(plan.INVITE_ACCEPTED_RATE, accepted, ripe)
    assert row["acceptance_rate_lower"] <= row["acceptance_rate"] <= row["acceptance_rate_upper"]
    days = each.query(
        "select epoch(accepted_at - invited_at) / 86400 as days from facts.fct_invites"
        " where accepted_at is not null"
    )
    assert median_holds(plan.INVITE_MEDIAN_DAYS, [float(day["days"]) for day in days])
    [[people]] = [
        list(found.values())
        for found in each.query("select count(distinct user_id) from facts.fct_user_active_days")
    ]
    assert row["active_user_count"] == people
    assert row["k_factor"] == accepted / people


def test_who_fell_silent_and_who_is_back(each: Built) -> None:
    [row] = each.query(
        "select max(period_start_date) as last, sum(silent_count) as silent,"
        " sum(mature_returned_count) as returned, sum(touched_returned_count) as touched"
        " from marts.mart_winback where stage_id = 'churn' and dimension = 'all'"
        " and grain = 'day' and is_mature"
    )
    silent, written, returned, touched = each.world.one(
        f"""
        with days as (
            select person, day, min(occurred_at) as first_at from acts
            where event_name in {ACTIVE} group by person, day
        ),
        gaps as (
            select person, day + 31 as churned,
                lead(day) over (partition by person order by day) as next_day,
                lead(first_at) over (partition by person order by day) as next_at
            from days
        ),
        silences as (
            select *, coalesce(next_day < churned + 30, false) as is_back, exists (
                from acts where event_name = 'message_sent' and acts.person = gaps.person
                    and acts.campaign_id is not null and acts.occurred_at < gaps.next_at
                    and acts.occurred_at >= gaps.next_at - interval 7 day
            ) as is_touched, exists (
                from acts where event_name = 'message_sent' and acts.person = gaps.person
                    and acts.day = churned
            ) as is_written_to
            from gaps
            where coalesce(next_day >= churned, true) and churned <= date '{row["last"]}'
        )
        select count(*), count(*) filter (where is_written_to), count(*) filter (where is_back),
            count(*) filter (where is_back and is_touched) from silences
        """
    )
    assert (row["silent"], row["returned"], row["touched"]) == (silent, returned, touched)
    planned = written * plan.TOUCHED_RETURN_RATE + (silent - written) * plan.RETURN_RATE
    assert holds(planned / silent, returned, silent)


def test_who_enters_and_leaves_the_stages_of_silence(each: Built) -> None:
    """Dormant and churned on the days that silences last; of the churned so many come back as is
    planned, each of them on a day of the next 30, or of the next 6 where a message came."""
    days = {
        (row["stage_id"], clock.day_number(row["activity_date"])): row
        for row in each.query("select * from marts.mart_lifecycle_daily")
    }
    silences = each.world.query(
        f"""
        with days as (select distinct person, day from acts where event_name in {ACTIVE}),
        gaps as (
            select person, day, lead(day) over (partition by person order by day) as next_day
            from days
        )
        select stage, gaps.day + silence - date '{plan.START}' as began, count(*),
            count(*) filter (where exists (
                from acts where event_name = 'message_sent' and acts.person = gaps.person
                    and campaign_id = 'win_back' and acts.day = gaps.day + silence
            ))
        from gaps cross join (values ('dormancy', 8), ('churn', 31)) as stages (stage, silence)
        where coalesce(next_day > gaps.day + silence, true)
        group by all
        """
    )
    began = {(stage, day): (count, sent) for stage, day, count, sent in silences}
    entered = {
        key: row["entered_count"] for key, row in days.items() if key[0] in ("dormancy", "churn")
    }
    assert entered == {key: began.get(key, (0, 0))[0] for key in entered}
    planned = 0.0
    for (stage, day), (count, sent) in began.items():
        if stage == "churn" and day < plan.DAYS:
            left = plan.DAYS - 1 - day
            planned += (count - sent) * plan.RETURN_RATE * min(1, left / plan.RETURN_DAYS)
            planned += sent * plan.TOUCHED_RETURN_RATE * min(1, left / plan.TOUCHED_RETURN_DAYS)
    churned = [row for (stage, _), row in days.items() if stage == "churn"]
    people = sum(row["entered_count"] for row in churned)
    assert holds(planned / people, sum(row["left_count"] for row in churned), people)


@pytest.mark.parametrize("day", [1, 7, 28])
@pytest.mark.parametrize("feature", plan.FEATURES, ids=lambda feature: feature.feature_id)
def test_a_feature_is_adopted_as_fast_as_planned(
    each: Built, feature: plan.Feature, day: int
) -> None:
    [row] = each.query(
        f"select * from marts.mart_survival_curves where survival_id = 'adopt_{feature.feature_id}'"
        f" and breakdown_value is null and day <= {day} order by day desc limit 1"
    )
    # Who signed up before it was there never adopts it.
    could, people = each.world.one(
        f"select count(*) filter (where day >= '{feature.released}'), count(*)"
        " from acts where event_name = 'signed_up'"
    )
    # A day is over when the next one begins.
    planned = 1 - could / people * float(adopted_rate(np.array(day + 1.0), feature))
    rate, lower = float(row["survival_rate"]), float(row["survival_rate_lower"])
    spread = math.log(math.log(lower) / math.log(rate)) / 1.96 * Z
    assert rate ** math.exp(spread) <= planned <= rate ** math.exp(-spread)


def test_coupons_bring_no_orders(each: Built) -> None:
    [row] = each.query("select * from marts.mart_campaign_discounts")
    planned = campaign("anniversary_coupon")
    assert row["campaign_id"] == planned.campaign_id
    drawn = each.world.drawn["events"]
    assert row["issued_user_count"] == drawn["coupon_issued"]
    assert row["redeemed_user_count"] == row["redeemed_count"] == drawn["coupon_redeemed"]
    # Cents are cut off.
    assert row["discount_rate"] == pytest.approx(plan.COUPON_DISCOUNT_RATE, abs=0.001)
    rate = row["discount_rate"]
    assert row["break_even_uplift_rate"] == pytest.approx(rate / (planned.margin_rate - rate))
    arms = {
        variant: (people, bought)
        for variant, people, bought in each.world.query(
            f"""
            select variant, count(*), count(*) filter (where exists (
                from acts where acts.user_id = a.user_id and event_name = 'order_paid'
                    and day >= date '{planned.starts}' and day < date '{planned.ends}'
            ))
            from campaign_assignments as a where campaign_id = '{planned.campaign_id}'
            group by variant
            """
        )
    }
    (n0, x0), (n1, x1) = arms["control"], arms["treatment"]
    assert row["incremental_buyer_count"] == pytest.approx(n1 * (x1 / n1 - x0 / n0))
    q0, q1 = (x0 + 1) / (n0 + 2), (x1 + 1) / (n1 + 2)
    error = math.sqrt(q0 * (1 - q0) / (n0 + 2) + q1 * (1 - q1) / (n1 + 2))
    assert abs(row["incremental_buyer_count"]) <= Z * error * n1
    assert row["pulled_forward_order_count"] is not None


def test_streaks_go_on_as_planned(each: Built) -> None:
    rows = each.query("select * from marts.mart_campaign_check_ins order by day_number")
    assert {row["campaign_id"] for row in rows} == {"check_in_autumn"}
    at_risk = sum(row["at_risk_count"] for row in rows)
    continued = sum(row["continued_count"] for row in rows)
    # One streak each, of which every day but the last was gone on from.
    assert rows[0]["streak_count"] + continued == each.world.drawn["events"]["checked_in"]
    assert holds(plan.CHECK_IN_AGAIN_RATE, continued, at_risk)
    survival = 1.0
    for row in rows:
        assert holds(plan.CHECK_IN_AGAIN_RATE, row["continued_count"], row["at_risk_count"])
        assert row["survival_rate"] == pytest.approx(survival)
        survival *= row["continuation_rate"]


def test_the_co_brand_brings_who_ordered_with_it(each: Built) -> None:
    [row] = each.query("select * from marts.mart_campaign_cobrands")
    planned = campaign("tea_cobrand")
    assert row["campaign_id"] == planned.campaign_id
    buyers, new, net = each.world.one(
        """
        with orders as (
            select person, occurred_at, order_id, campaign_id is not null as is_branded,
                amount - coalesce((select sum(r.amount) from acts as r
                    where r.order_id = o.order_id and r.event_name = 'order_refunded'), 0) as net
            from acts as o where event_name = 'order_paid'
        ),
        firsts as (
            select person, min(occurred_at) as since, sum(net) as net from orders
            where is_branded group by person
        )
        select count(*), count(*) filter (where not exists (from orders
            where orders.person = firsts.person and orders.occurred_at < since
            and orders.occurred_at >= since - interval 365 day)), sum(net) from firsts
        """
    )
    assert (row["buyer_count"], row["new_to_brand_count"]) == (buyers, new)
    assert float(row["net_amount"]) == pytest.approx(float(net), abs=1e-6)
    audience, known, people, customers = each.world.one(
        f"""
        with people as (
            select person, exists (from acts as o where o.person = a.person
                and o.event_name = 'order_paid' and o.day < date '{planned.starts}') as has_bought
            from acts as a where event_name = 'signed_up' and day < date '{planned.starts}'
        )
        select count(c.user_id), count(c.user_id) filter (where has_bought), count(*),
            count(*) filter (where has_bought)
        from people left join campaign_assignments as c
            on people.person = c.user_id and c.campaign_id = '{planned.campaign_id}'
        """
    )
    assert (row["audience_count"], row["overlap_count"]) == (audience, known)
    assert holds(plan.COBRAND_AUDIENCE_RATE, row["audience_count"], people)
    assert holds(customers / people, row["overlap_count"], row["audience_count"])


def test_customers_that_are_too_few_are_counted_and_no_more(each: Built) -> None:
    """What larger worlds give back of the planted values is in test_planted."""
    ordered = each.world.query(
        "select count(*), count(*) filter (days > 1) from (select person, count(distinct day)"
        " as days from acts where event_name = 'order_paid' and day <= '2025-06-30' group by 1)"
    )
    told = each.query("select model_id, figure_id, value from marts.mart_value_models")
    figures = {(row["model_id"], row["figure_id"]): row["value"] for row in told}
    models = {model for model, _ in figures}
    few = {model for model in models if figures[model, "customer_count"] < 100}
    assert [
        (figures["half_year_back", "customer_count"],
         figures["half_year_back", "repeat_customer_count"])
    ] == ordered  # fmt: skip
    assert few == {model for model in models if figures[model, "r"] is None}
    if each.world.size == SIZE:
        assert few == models == {"half_year_back", "year_ahead"}
    warnings = each.query(
        "select * from marts.mart_definition_warnings where file = 'value_models.csv'"
    )
    assert len(warnings) == len(few)


def test_stages_and_segments_are_there(each: Built) -> None:
    stages = each.query(
        "select distinct stage_id from marts.mart_lifecycle_daily where user_count > 0"
    )
    assert len(stages) == 5
    segments = each.query("select distinct segment_id from marts.mart_rfm_scores")
    assert len(segments) >= 8
    # Of few people a campaign may aim at all who are drawn, and tells that it has no control.
    warnings = each.query(
        "select problem from marts.mart_definition_warnings where file <> 'value_models.csv'"
    )
    alone = "campaign summer_sale has one arm alone: there is nothing to compare it with"
    assert warnings == ([{"problem": alone}] if each.world.size == SIZE else [])
    paths = each.query("select distinct path_id from marts.mart_path_edges")
    assert len(paths) == 3


def test_merchants_reach_their_stages(each: Built) -> None:
    rows = each.query("select * from marts.mart_merchant_funnel where grain = 'all'")
    reached = {row["stage_id"]: row["merchant_count"] for row in rows}
    drawn = each.world.drawn["merchants"]
    assert reached == {
        "signed_up": drawn["signed_up"], "listed": drawn["listed"],
        "first_sale": drawn["sold"], "retained": drawn["retained"],
    }  # fmt: skip
    # Whose last stage has had its time: the last ones wait for their first sale.
    rates = {row["stage_id"]: row for row in each.query(
        "select stage_id, sum(mature_merchant_count) as reached,"
        " sum(mature_previous_count) as previous from marts.mart_merchant_funnel"
        f" where grain = 'day' and period_start_date < date '{plan.START}' + {plan.DAYS - 90}"
        " group by stage_id"
    )}  # fmt: skip
    for stage, rate in {"listed": plan.LISTED_RATE, "first_sale": plan.FIRST_SALE_RATE,
                        "retained": plan.RETAINED_RATE}.items():  # fmt: skip
        assert holds(rate, rates[stage]["reached"], rates[stage]["previous"]), stage


def test_what_merchants_sell_and_how(each: Built) -> None:
    rows = each.query("select * from marts.mart_merchant_periods where grain = 'all'")
    cents = {row["merchant_id"]: int(row["gross_amount"] * 100) for row in rows}
    drawn = each.world.drawn["gross_cents_by_merchant"]
    assert cents == {merchant: drawn.get(merchant, 0) for merchant in cents}
    assert drawn.keys() <= cents.keys()
    names = {"order_count": "order_paid", "fulfilled_count": "order_fulfilled",
             "cancelled_count": "order_cancelled", "complaint_count": "order_complained",
             "rating_count": "order_rated"}  # fmt: skip
    happened = dict(each.world.query(
        "select event_name, count(*) from acts where merchant_id is not null group by all"
    ))  # fmt: skip
    for column, name in names.items():
        assert sum(row[column] for row in rows) == happened[name], column


def test_how_concentrated_what_was_drawn_is(each: Built) -> None:
    shares = {
        "merchant_gross_amount": list(each.world.drawn["gross_cents_by_merchant"].values()),
        "content_reads": list(each.world.drawn["reads_by_piece"].values()),
        "creator_reads": [count for (count,) in each.world.query(
            "select count(*) from acts inner join (select distinct content_id, author_id"
            " from contents) using (content_id) where event_name = 'read_started'"
            " and author_id is not null group by author_id"
        )],
        "customer_net_amount": [cents for (cents,) in each.world.query(
            "select sum(round(amount * 100) * case event_name when 'order_paid' then 1 else -1 end)"
            " as cents from acts where event_name in ('order_paid', 'order_refunded')"
            " group by person having cents > 0"
        )],
    }  # fmt: skip
    rows = {row["measure_id"]: row for row in each.query(
        "select * from marts.mart_concentration where grain = 'all'"
    )}  # fmt: skip
    assert rows.keys() == shares.keys() | {"merchant_orders"}
    for measure, values in shares.items():
        values, row = np.sort([float(value) for value in values]), rows[measure]
        ranks = np.arange(1, len(values) + 1)
        assert row["unit_count"] == len(values), measure
        assert row["hhi"] == pytest.approx(((values / values.sum()) ** 2).sum())
        gini = 2 * (ranks * values).sum() / (len(values) * values.sum())
        assert row["gini"] == pytest.approx(gini - (len(values) + 1) / len(values))
        assert row["top_10_share"] == pytest.approx(values[-10:].sum() / values.sum())
    # The plan has orders dealt by Zipf's weights to whom sells then.
    for name, planned in each.world.drawn["concentration"]["orders_by_merchant"].items():
        apart = abs(rows["merchant_orders"][name] - planned["expected"])
        assert apart <= 3 * planned["standard_error"], name


def test_rules_are_broken_as_planned(each: Built) -> None:
    [row] = each.query(
        "select * from marts.mart_rule_violations where grain = 'all' and rule_id is null"
    )
    weeks = [weeks for (weeks,) in each.world.query(
        f"select epoch(timestamp '{plan.START}' + interval {plan.DAYS} day - interval 8 hour"
        " - opened_at) / 604800 from merchants"
    )]  # fmt: skip
    mean, shape = plan.VIOLATIONS_PER_WEEK * np.array(weeks), plan.VIOLATION_SHAPE
    spread = math.sqrt((mean + mean**2 / shape).sum())
    assert abs(row["violation_count"] - mean.sum()) <= Z * spread
    # Of a negative binomial, more than one.
    none = (1 + mean / shape) ** -shape
    more = 1 - none - none * shape * mean / (shape + mean)
    spread = math.sqrt((more * (1 - more)).sum())
    assert abs(row["repeat_offender_count"] - more.sum()) <= Z * spread
    breaches, settled = each.world.one(
        "select count(distinct violation_id),"
        " count(distinct violation_id) filter (where resolved_at is not null) from rule_violations"
    )
    assert (row["violation_count"], row["resolved_count"]) == (breaches, settled)
    assert row["violation_rate_lower"] < row["violation_rate"] < row["violation_rate_upper"]
    rules = each.query(
        "select distinct rule_id from marts.mart_rule_violations where rule_id is not null"
    )
    assert {row["rule_id"] for row in rules} == {name for name, _ in plan.RULES}


def test_what_is_looked_for_and_listed(each: Built) -> None:
    rows = each.query("select * from marts.mart_supply_demand where grain = 'all'")
    assert {row["category"] for row in rows} == set(plan.CATEGORIES)
    happened = each.world.drawn["events"]
    demand = happened["searched"] + happened["merchant_visited"]
    assert sum(row["demand_count"] for row in rows) == demand
    listing = each.world.drawn["merchants"]["listed"]
    assert sum(row["listing_merchant_count"] for row in rows) == listing
    of_merchants = sum(each.world.drawn["gross_cents_by_merchant"].values())
    assert sum(int(row["gross_amount"] * 100) for row in rows) == of_merchants
