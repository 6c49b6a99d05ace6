"""Boards: what people look at, declared as code and drawn from a published build.

    boards/<name>.py   one board: its charts, filters, words in both languages, and their marts
    board.py           what a board can be made of
    specs.py           shapes of charts, as Vega-Lite
    render.py          the rows of a build, read-only, into pages that open offline
    glossary.py        every figure, stage and definition in words
    site.py            all pages of a build: index, boards, glossary
    static/            what the pages run in a browser

It knows neither Dagster nor the warehouse: it is given the file of a build.
"""
