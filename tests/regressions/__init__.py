"""Faults that other products have paid for already, each a test named after it; `docs/regressions.md` lists them.

Two of those that are known have no test, because Latchwork does nothing of the kind: it reads no calendar feeds, so none
can come empty and take codes along; and it knows no recurring windows, so none can go wrong past midnight.
"""
