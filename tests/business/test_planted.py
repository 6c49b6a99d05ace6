"""What was planted is in the raw feeds: counted by plain SQL, within the bounds of chance.

Each test looks at every size. The seed is fixed, so a test that passes once passes always.
"""

from __future__ import annotations

import math

import numpy as np
import pyarrow.parquet as pq
import pytest
from lifetimes import BetaGeoFitter, GammaGammaFitter

from demo.business import clock, plan
from demo.business.events import NAMES
from demo.business.features import adopted_rate
from demo.business.writing import visitors_of
from tests.business.worlds import (
    World,
    Z,
    campaign,
    holds,
    median_holds,
    poisson_holds,
)
from tests.support import python_step

ACTIVE = tuple(each.event_name for each in NAMES if each.is_activity)
FITS = python_step("value/step_value_fits")
EXPECTATIONS = python_step("value/step_value_expectations")


# -- Sums of what was drawn: exactly ----------------------------------------------------------
def test_size(worlds: dict[int, World]) -> None:
    size = max(worlds)
    assert sum(worlds[size].drawn["events"].values()) == pytest.approx(size, rel=0.1)
    assert visitors_of(10 * size) == pytest.approx(10 * visitors_of(size), rel=0.01)


def test_every_event_of_the_tracking_plan_happens(worlds: dict[int, World]) -> None:
    assert worlds[max(worlds)].drawn["events"].keys() == {each.event_name for each in NAMES}


def test_rows_of_files_and_copies(worlds: dict[int, World]) -> None:
    world = worlds[max(worlds)]
    files = {file: told for file, told in world.truth["files"].items() if file.endswith("parquet")}
    for file, told in files.items():
        if not told.get("is_truncated"):
            assert pq.read_metadata(world.raw / file).num_rows == told["rows"]
    delivered, copies = world.one(
        "select count(*), count(*) - count(distinct event_id) from delivered"
    )
    told = [told for file, told in world.truth["files"].items() if file.startswith("events/")]
    broken = sum(sum(each.get("broken", {}).values()) for each in told)
    assert delivered + broken == sum(each["rows"] for each in told)
    assert copies == sum(each["duplicates"] for each in told)
    assert 0.006 < copies / delivered < 0.01
    assert 0.0008 < broken / delivered < 0.0015


def test_events_of_each_name(world: World) -> None:
    counts = dict(world.query("select event_name, count(*) from events group by event_name"))
    assert counts == world.drawn["events"]


def test_people_active_on_each_day(world: World) -> None:
    rows = dict(
        world.query(
            f"select datediff('day', date '{plan.START}', day), count(distinct person) from acts"
            f" where event_name in {ACTIVE} group by 1"
        )
    )
    assert [rows.get(day, 0) for day in range(plan.DAYS)] == world.drawn["active_by_day"]


def test_orders_and_money_by_month(world: World) -> None:
    rows = world.query(
        "select strftime(day, '%Y-%m'), count(*) filter (where event_name = 'order_paid'),"
        " sum(round(amount * 100)) filter (where event_name = 'order_paid'),"
        " sum(round(amount * 100)) filter (where event_name = 'order_refunded') from acts"
        " where event_name in ('order_paid', 'order_refunded') group by 1"
    )
    got = {month: (orders, gross or 0, refunded or 0) for month, orders, gross, refunded in rows}
    drawn = world.drawn
    for month, orders in drawn["orders_by_month"].items():
        gross, refunded = (drawn[f"{of}_cents_by_month"][month] for of in ("gross", "refunded"))
        assert got.get(month, (0, 0, 0)) == (orders, gross, refunded)


def test_costs_of_each_channel_and_campaign(world: World) -> None:
    channels = {each.source: each.channel_id for each in plan.CHANNELS}
    rows = world.query(
        "select utm_source, campaign_id, cast(sum(round(cost_amount * 100)) as bigint)"
        " from channel_costs group by all"
    )
    got = {of or channels[source]: cents for source, of, cents in rows}
    assert got == world.drawn["cost_cents"]
    assert got["outdoor"] > 0
    assert world.one("select count(*) from events where utm_source = 'outdoor'") == (0,)


def test_targets_are_met_in_the_planned_months(world: World) -> None:
    cents = world.drawn["gross_cents_by_month"]
    reached = {
        "sign_ups": world.drawn["sign_ups_by_month"],
        "paid_amount": {month: amount / 100 for month, amount in cents.items()},
    }
    for kpi, came in reached.items():
        rows = world.query(
            "select strftime(period_start_date, '%Y-%m'), target_value from kpi_targets"
            f" where kpi_id = '{kpi}'"
        )
        assert len(rows) == plan.TARGET_MONTHS
        assert sum(came[month] >= target for month, target in rows) == plan.TARGETS_MET


# -- People -----------------------------------------------------------------------------------
def test_sign_ups_by_channel(world: World) -> None:
    rows = world.query(
        "select coalesce(utm_source, referrer, ''), count(distinct person),"
        " count(distinct person) filter (where person not like 'anon:%') from acts"
        " where event_name = 'app_opened' and"
        " (person, occurred_at) in (select person, min(occurred_at) from acts"
        "   where event_name = 'app_opened' group by person)"
        " group by 1"
    )
    by_tag = {each.source or each.referrer or "": each for each in plan.CHANNELS}
    total = sum(people for tag, people, _ in rows if tag != "invite")
    assert total > 0
    for tag, people, signed_up in rows:
        assert holds(by_tag[tag].sign_up_rate, signed_up, people)
        assert tag == "invite" or holds(by_tag[tag].share, people, total)


def test_arrivals_follow_the_season_and_the_shock(worlds: dict[int, World]) -> None:
    world = worlds[max(worlds)]
    weights = clock.arrival_weights()
    rows = dict(
        world.query(
            "with firsts as (select person, min(day) as day from acts"
            " where event_name = 'app_opened' group by person)"
            f" select datediff('day', date '{plan.START}', day), count(*) from firsts group by 1"
        )
    )
    friends = world.drawn["events"]["invite_accepted"]
    visitors = world.drawn["people"] - friends
    shock = clock.day_number(plan.SHOCK_DATE)
    around = [rows.get(shock + days, 0) for days in (-14, -7, 7, 14)]
    assert rows[shock] > 1.8 * sum(around) / 4
    months = clock.month_of(np.arange(plan.DAYS))
    for month in np.unique(months):
        days = np.flatnonzero(months == month)
        came = sum(rows.get(int(day), 0) for day in days)
        expected = visitors * weights[days].sum()
        # Friends come beside them: by a quarter of who signs up.
        assert expected - Z * expected**0.5 <= came <= 1.25 * expected + Z * expected**0.5


@pytest.mark.parametrize("day", [1, 7, 30])
def test_retention_of_day(world: World, day: int) -> None:
    people, returned = world.one(
        f"""
        with cohort as (
            select person, min(day) as day from acts where event_name = 'signed_up' group by person
        )
        select count(*), count(*) filter (where exists (
            from acts where acts.person = cohort.person and event_name = 'app_opened'
                and acts.day = cohort.day + {day}
        ))
        from cohort where day + {day} < date '{plan.START}' + {plan.DAYS}
        """
    )
    told = world.drawn["retention"][str(day)]
    assert people == told["people"]
    assert holds(told["expected"] / people, returned, people)


def test_who_is_written_to_comes_back_more_often(world: World) -> None:
    rows = world.query(
        f"""
        with days as (select distinct person, day from acts where event_name in {ACTIVE}
        ),
        gaps as (
            select person, day + 31 as churned, lead(day) over (partition by person order by day)
                as next_day
            from days
        ),
        silences as (
            select *, exists (
                from acts where event_name = 'message_sent' and acts.person = gaps.person
                    and acts.day = churned
            ) as touched, coalesce(next_day <= churned + 30, false) as returned
            from gaps
            where (next_day is null or next_day >= churned)
                and churned + 30 < date '{plan.START}' + {plan.DAYS}
        )
        select touched, count(*), count(*) filter (where returned) from silences group by touched
        """
    )
    got = {touched: (silent, returned) for touched, silent, returned in rows}
    for touched, rate in ((False, plan.RETURN_RATE), (True, plan.TOUCHED_RETURN_RATE)):
        silent, returned = got[touched]
        assert holds(rate, returned, silent)


def test_invites_and_k(world: World) -> None:
    sign_ups = world.drawn["sign_ups"]
    invites = world.drawn["events"]["invite_sent"]
    assert poisson_holds(plan.INVITE_RATE * sign_ups, invites)
    ripe, accepted = world.one(
        f"""
        select count(*), count(a.event_id) from acts as i
        left join acts as a on a.event_name = 'invite_accepted'
            and property(a, 'invite_id') = property(i, 'invite_id')
            and property(a, 'inviter_id') = i.user_id and a.person <> i.person
            and a.occurred_at between i.occurred_at and i.occurred_at + interval 14 day
        where i.event_name = 'invite_sent'
            and i.day + 14 < date '{plan.START}' + {plan.DAYS}
        """
    )
    assert holds(plan.INVITE_ACCEPTED_RATE, accepted, ripe)
    days = world.query(
        f"""
        select epoch(a.occurred_at - i.occurred_at) / 86400 from acts as i
        inner join acts as a on a.event_name = 'invite_accepted'
            and property(a, 'invite_id') = property(i, 'invite_id')
        where i.event_name = 'invite_sent' and i.day + 14 < date '{plan.START}' + {plan.DAYS}
        """
    )
    assert median_holds(plan.INVITE_MEDIAN_DAYS, [float(each) for (each,) in days])


def test_consent(world: World) -> None:
    rows, granted = world.one("select count(*), count(*) filter (where is_granted) from consents")
    assert rows == world.drawn["sign_ups"]
    assert holds(plan.MARKETING_CONSENT_RATE, granted, rows)


# -- Product ----------------------------------------------------------------------------------
def test_the_way_to_paying_loses_what_was_planned(world: World) -> None:
    steps = ("product_viewed", "cart_added", "checkout_started", "order_paid")
    reached = [
        world.one(
            f"""
            with cohort as (select person, min(occurred_at) as since from acts
                where event_name = 'signed_up' group by person)
            select count(*) from cohort where since < (select max(occurred_at) from acts)
                - interval 14 day and ({step} = 0 or exists (from acts where
                acts.person = cohort.person and event_name = '{steps[step - 1]}'
                and occurred_at between since and since + interval 14 day))
            """
        )[0]
        for step in range(5)
    ]
    for rate, before, after in zip(plan.STEP_RATES, reached, reached[1:], strict=False):
        assert holds(rate, after, before)


def test_a_visit_ends_at_checkout_as_often_as_planned(world: World) -> None:
    seen, left = world.one(
        """
        with views as (
            select person, page, day, last_value(page) over (
                partition by person, day order by occurred_at
                rows between unbounded preceding and unbounded following
            ) as last_page
            from acts where event_name = 'page_viewed'
        )
        select count(distinct (person, day)),
            count(distinct (person, day)) filter (where last_page = 'checkout')
        from views where page = 'checkout'
        """
    )
    assert holds(plan.CHECKOUT_EXIT_RATE, left, seen)


@pytest.mark.parametrize("feature", plan.FEATURES, ids=lambda each: each.feature_id)
def test_features_are_adopted_and_used_again(world: World, feature: plan.Feature) -> None:
    for days in (1, 7, 28):
        eligible, adopted = world.one(
            f"""
            with eligible as (
                select person, min(occurred_at) as since from acts where event_name = 'signed_up'
                    and day >= date '{feature.released}' and day + 29 < date '{plan.START}'
                    + {plan.DAYS} group by person
            )
            select count(*), count(*) filter (where exists (
                from acts where acts.person = eligible.person and event_name = 'feature_used'
                    and feature_id = '{feature.feature_id}'
                    and occurred_at <= since + interval {days} day
            )) from eligible
            """
        )
        assert holds(float(adopted_rate(days, feature)), adopted, eligible)
    before, again = world.one(
        f"""
        with weeks as (
            select distinct person, date_trunc('week', day) as week from acts
            where feature_id = '{feature.feature_id}' and event_name = 'feature_used'
        )
        select count(*), count(next.person) from weeks left join weeks as next
            on next.person = weeks.person and next.week = weeks.week + interval 7 day
        where weeks.week + interval 14 day <= date '{plan.START}' + {plan.DAYS}
        """
    )
    assert holds(feature.again_rate, again, before)


def test_feedback(world: World) -> None:
    total, promoters, detractors = world.one(
        "select count(*), count(*) filter (where score >= 9), count(*) filter (where score <= 6)"
        " from feedback where kind = 'nps'"
    )
    assert holds(plan.NPS_SHARES["promoters"], promoters, total)
    assert holds(plan.NPS_SHARES["detractors"], detractors, total)
    hours = world.query(
        "select epoch(answered_at - submitted_at) / 3600 from feedback"
        " where answered_at is not null"
        f" and submitted_at < timestamp '{plan.START}' + interval {plan.DAYS - 30} day"
    )
    assert median_holds(plan.ANSWER_MEDIAN_HOURS, [float(each) for (each,) in hours])


# -- Orders and merchants -----------------------------------------------------------------------
def test_purchases_are_bg_nbd_and_gamma_gamma(worlds: dict[int, World]) -> None:
    world = worlds[max(worlds)]
    rows = world.query(
        f"""
        with days as (
            select person, day, sum(case event_name when 'order_paid' then amount else 0 end)
                - sum(case event_name when 'order_paid' then 0 else amount end) as amount,
                min(day) over (partition by person) as first_day
            from (
                -- What was sent back is of the day on which it was bought.
                select person, event_name, amount, min(day) over (partition by order_id) as day
                from acts where event_name in ('order_paid', 'order_refunded')
            ) group by person, day
        )
        select any_value(person), count(*) - 1, datediff('day', min(day), max(day)) / 7.0,
            datediff('day', min(day), date '{plan.START}' + {plan.DAYS - 1}) / 7.0,
            coalesce(avg(amount) filter (where day > first_day), 0)
        from days group by person order by person
        """
    )
    frequency, recency, age, mean = np.array([row[1:] for row in rows], dtype=float).T
    fit = BetaGeoFitter().fit(frequency, recency, age)
    again = frequency > 0
    spend = GammaGammaFitter().fit(frequency[again], mean[again])
    for model, planted, fitted in (
        ("bg_nbd", plan.BG_NBD, fit.params_),
        ("gamma_gamma", plan.GAMMA_GAMMA, spend.params_),
    ):
        errors = world.drawn[f"{model}_standard_errors"]
        for name, value in planted.items():
            assert abs(fitted[name] - value) <= Z * errors[name]
    # Ours are at least as likely, and as near.
    ones = np.ones(len(frequency))
    purchases = FITS.Purchases(frequency.astype(int), recency, age, ones)
    spending = FITS.Spending(frequency[again], mean[again], ones[again])
    ours = FITS.figures(purchases, spending)
    for (model, planted, names), likelihood, theirs in (
        (("bg_nbd", plan.BG_NBD, FITS.TRANSACTION), FITS.transaction_likelihood(purchases), fit),
        (("gamma_gamma", plan.GAMMA_GAMMA, FITS.SPEND), FITS.spend_likelihood(spending), spend),
    ):
        at = np.array([[ours[name], theirs.params_[name]] for name in names]).T
        assert likelihood(at[0])[0] >= likelihood(at[1])[0] - 0.01
        for name, value in planted.items():
            assert abs(ours[name] - value) <= Z * world.drawn[f"{model}_standard_errors"][name]
    # P(alive) by tenth of it, against who is.
    alive = {f"u{number}" for number in world.drawn["alive_customers"]}
    parameters = np.array([ours[name] for name in FITS.TRANSACTION])
    chance = EXPECTATIONS.alive(parameters, frequency, recency, age)
    assert chance == pytest.approx(
        fit.conditional_probability_alive(frequency, recency, age), abs=0.01
    )
    is_alive = np.array([row[0] in alive for row in rows])
    for tenth in np.array_split(np.argsort(chance, kind="stable"), 10):
        assert holds(chance[tenth].mean(), is_alive[tenth].sum(), len(tenth))


def test_money_of_merchants_and_reads_of_pieces(world: World) -> None:
    money = world.query(
        "select merchant_id, cast(sum(round(amount * 100)) as bigint) from acts"
        " where event_name = 'order_paid' and merchant_id is not null group by merchant_id"
    )
    assert dict(money) == world.drawn["gross_cents_by_merchant"]
    reads = world.query(
        "select content_id, count(*) from acts where event_name = 'read_started' group by all"
    )
    assert dict(reads) == world.drawn["reads_by_piece"]


def test_merchants_list_sell_and_stay(world: World) -> None:
    signed_up, listed, sold, stayed = world.one(
        f"""
        with sales as (
            select merchant_id, min(occurred_at) as first_at from acts
            where event_name = 'order_paid' and merchant_id is not null group by merchant_id
        ),
        reached as (
            select m.merchant_id, exists (from acts where acts.merchant_id = m.merchant_id
                and event_name = 'listing_created') as listed,
                first_at is not null as sold, exists (from acts
                where acts.merchant_id = m.merchant_id and event_name = 'order_paid'
                and occurred_at between first_at + interval 28 day and first_at + interval 55 day
                ) as stayed
            from merchants as m left join sales on m.merchant_id = sales.merchant_id
            where opened_at < timestamp '{plan.START}' + interval {plan.DAYS - 90} day
        )
        select count(*), count(*) filter (where listed), count(*) filter (where sold),
            count(*) filter (where stayed) from reached
        """
    )
    assert holds(plan.LISTED_RATE, listed, signed_up)
    assert holds(plan.FIRST_SALE_RATE, sold, listed)
    assert holds(plan.RETAINED_RATE, stayed, sold)


def test_violations(world: World) -> None:
    weeks, count, squares = world.one(
        f"""
        with weeks as (
            select m.merchant_id, (timestamp '{plan.START}' + interval {plan.DAYS} day
                - interval 8 hour - m.opened_at) as span, count(distinct violation_id) as breaches
            from merchants as m left join rule_violations as v on v.merchant_id = m.merchant_id
            group by all
        )
        select sum(epoch(span)) / 604800, sum(breaches), sum((epoch(span) / 604800) ** 2)
        from weeks
        """
    )
    rate = plan.VIOLATIONS_PER_WEEK
    variance = rate * weeks + rate**2 * squares / plan.VIOLATION_SHAPE
    assert abs(count - rate * weeks) <= Z * math.sqrt(variance)


# -- Content ------------------------------------------------------------------------------------
def test_clicks_by_position(world: World) -> None:
    rows = world.query(
        """
        select cast(property(s, 'position') as int), count(*), count(c.event_id)
        from acts as s left join acts as c on c.event_name = 'content_clicked'
            and c.person = s.person and c.content_id = s.content_id
            and c.occurred_at = s.occurred_at + interval 20 second
        where s.event_name = 'content_shown' group by 1 order by 1
        """
    )
    assert [position for position, *_ in rows] == [1, 2, 3, 4]
    for (_, shown, clicked), rate in zip(rows, plan.CLICK_RATES, strict=True):
        assert holds(rate, clicked, shown)


def test_reads_are_finished_by_origin(world: World) -> None:
    rows = world.query(
        "select origin, count(*) filter (where event_name = 'read_started'),"
        " count(*) filter (where event_name = 'read_finished') from acts inner join"
        " (select distinct content_id, origin from contents) using (content_id) group by origin"
    )
    rates = {origin: rate for origin, _, rate in plan.ORIGINS}
    for origin, reads, finished in rows:
        assert holds(rates[origin], finished, reads)


def test_half_lives(worlds: dict[int, World]) -> None:
    world = worlds[max(worlds)]
    for kind, _, hours in plan.KINDS:
        ages = world.query(
            f"""
            with pieces as (
                select content_id, max(published_at) as since from contents
                where content_type = '{kind}' group by content_id
            )
            select quantile_disc(epoch(occurred_at - since) / 3600, 0.5) from acts
            inner join pieces using (content_id)
            where event_name = 'read_started'
                and since < timestamp '{plan.START}' + interval {plan.DAYS - 90} day
            group by content_id having count(*) >= 50
            """
        )
        assert len(ages) >= 10
        assert median_holds(hours, [float(each) for (each,) in ages])


def test_shares_are_opened(world: World) -> None:
    shares, opens = (world.drawn["events"][name] for name in ("content_shared", "share_opened"))
    assert poisson_holds(plan.OPENS_PER_SHARE * shares, opens)


def test_pieces_are_original_and_pass_the_review(world: World) -> None:
    pieces, original = world.one(
        "select count(*), count(*) filter (where is_original) from"
        " (select distinct content_id, is_original from contents)"
    )
    assert holds(plan.ORIGINAL_RATE, original, pieces)
    reviewed, passed = world.one(
        """
        with firsts as (
            select content_id, arg_min(event_name, occurred_at) as decision from acts
            where event_name in ('content_approved', 'content_rejected') group by content_id
        )
        select count(*), count(*) filter (where decision = 'content_approved') from firsts
        """
    )
    assert holds(plan.FIRST_PASS_RATE, passed, reviewed)


@pytest.mark.parametrize(("name", "sql"), [
    ("pieces_by_author", "select count(distinct content_id) from contents group by author_id"),
    ("orders_by_merchant", "select count(*) from acts where event_name = 'order_paid'"
     " and merchant_id is not null group by merchant_id"),
])  # fmt: skip
def test_pieces_and_orders_are_as_concentrated_as_planned(
    name: str, sql: str, world: World
) -> None:
    counts = np.sort([count for (count,) in world.query(sql)])
    units, total, order = len(counts), counts.sum(), np.arange(1, len(counts) + 1)
    gini = 2 * (order * counts).sum() / (units * total) - (units + 1) / units
    told = world.drawn["concentration"][name]
    for name, value in (("hhi", ((counts / total) ** 2).sum()), ("gini", gini)):
        assert abs(value - told[name]["expected"]) <= 3 * told[name]["standard_error"], name


# -- Campaigns ----------------------------------------------------------------------------------
@pytest.mark.parametrize("campaign_id", plan.MESSAGE_CAMPAIGNS)
def test_lift_of_a_message(worlds: dict[int, World], campaign_id: str) -> None:
    world = worlds[max(worlds)]
    rows = {
        variant: (people, joined)
        for variant, people, joined in world.query(
            f"""
            select variant, count(*), count(*) filter (where exists (
                from acts where acts.user_id = a.user_id and acts.campaign_id = a.campaign_id
                    and event_name = 'campaign_joined' and occurred_at >= assigned_at
            ))
            from campaign_assignments as a where campaign_id = '{campaign_id}' group by variant
            """
        )
    }
    planned = campaign(campaign_id)
    people = {variant: number for variant, (number, _) in rows.items()}
    assert holds(planned.control_share, people.get("control", 0), sum(people.values()))
    (n0, x0), (n1, x1) = rows["control"], rows["treatment"]
    p0, p1 = x0 / n0, x1 / n1
    # Agresti and Caffo: one more of each on both sides.
    q0, q1 = (x0 + 1) / (n0 + 2), (x1 + 1) / (n1 + 2)
    error = math.sqrt(q0 * (1 - q0) / (n0 + 2) + q1 * (1 - q1) / (n1 + 2))
    assert abs(p1 - p0 - planned.lift) <= Z * error
    assert holds(planned.rate, x0, n0)


def test_check_in_streaks_go_on(world: World) -> None:
    total, ended = world.one(
        "select count(*), count(distinct person) from acts where event_name = 'checked_in'"
    )
    # Every day of a streak but the last one was gone on from.
    assert holds(plan.CHECK_IN_AGAIN_RATE, total - ended, total)


def test_coupons_are_redeemed_and_bring_no_orders(world: World) -> None:
    planned = campaign("anniversary_coupon")
    rows = {
        variant: (people, bought, redeemed)
        for variant, people, bought, redeemed in world.query(
            f"""
            select variant, count(*), count(*) filter (where exists (
                from acts where acts.user_id = a.user_id and event_name = 'order_paid'
                    and occurred_at > assigned_at
                    and day < date '{planned.ends}'
            )), count(*) filter (where exists (
                from acts where acts.user_id = a.user_id and event_name = 'coupon_redeemed'
            ))
            from campaign_assignments as a where campaign_id = '{planned.campaign_id}'
            group by variant
            """
        )
    }
    (n0, x0, none), (n1, x1, redeemed) = rows["control"], rows["treatment"]
    assert none == 0
    assert redeemed <= x1
    q0, q1 = (x0 + 1) / (n0 + 2), (x1 + 1) / (n1 + 2)
    error = math.sqrt(q0 * (1 - q0) / (n0 + 2) + q1 * (1 - q1) / (n1 + 2))
    assert abs(x1 / n1 - x0 / n0) <= Z * error
    wrong = world.one(
        "select count(*) from acts as c left join acts as o on o.order_id = c.order_id"
        " and o.event_name = 'order_paid' and o.amount = c.amount and o.user_id = c.user_id"
        " where c.event_name = 'coupon_redeemed' and o.event_id is null"
    )
    assert wrong == (0,)


def test_orders_of_the_co_brand(world: World) -> None:
    planned = campaign("tea_cobrand")
    orders, branded = world.one(
        f"select count(*), count(*) filter (where campaign_id = '{planned.campaign_id}') from acts"
        f" where event_name = 'order_paid' and order_id not like '%-2'"
        f" and day >= date '{planned.starts}' and day < date '{planned.ends}'"
    )
    assert holds(plan.COBRAND_ORDER_RATE, branded, orders)
