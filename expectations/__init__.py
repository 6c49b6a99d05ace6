"""Great Expectations over the warehouse: is what arrived, and what is published, plausible?

`suites` and `results` say where suites are and what came of them, and import nothing heavy.
`process` runs `validate`, which imports Great Expectations, in a process of its own.
"""
