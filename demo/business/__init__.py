"""A small internet business whose truth is planted: people read, shop, invite; merchants sell.

`make run DEMO=app` writes its raw feeds in daily files and runs the line on them. Everything is
drawn from numbers that stand in `plan.py`; `truth.json`, beside the feeds, has these numbers and
what was drawn from them. Marts never see it: tests ask whether they give it back.

The city of Lihe is made in blocks of 100,000 visitors, each with merchants, pieces and authors
of its own, from counter-based streams (`streams.py`): a block is the same whatever the number of
blocks, and is made whole before it is laid out by days.

    people ──▶ activity ──▶ visits ─────┐
      │          │   ▲                  │
      │          │   orders, features, ─┼─▶ events of a block ──▶ writing ──▶ files of a day
      │          │   check-ins          │       (codes)           (text)      dirt last
      │          └─▶ content, campaigns ┘
      └─▶ users, consents, costs, merchants, feedback …   ──▶    files of a month
"""
