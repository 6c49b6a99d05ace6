"""Great Expectations over the warehouse: is what arrived, and what is published, plausible?

`rules` and `suites` declare, and import nothing heavy. `validate` runs them, and is the one
module that imports Great Expectations (7 to 11 seconds): import it where it is used.
"""
