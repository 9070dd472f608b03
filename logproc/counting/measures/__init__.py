"""The measures of a panel's keys besides the count of records.

All have the same interface. `count` measures the records of a chunk, `merge` adds measures whose rows are numbered
differently, `select` keeps some rows, `size` is the number of rows, and `weight` the number of entries, which is the cost of
merging. A row is a key of the panel; the row of a record without a key is -1.

Merging is associative and commutative: however the records are split and merged, every result is the same to the last
digit. Property-based tests check this for each measure.
"""

from logproc.counting.measures.buckets import Buckets
from logproc.counting.measures.peaks import Peaks
from logproc.counting.measures.totals import Totals
from logproc.counting.measures.uniques import Uniques

Measure = Totals | Buckets | Uniques | Peaks

__all__ = ["Buckets", "Measure", "Peaks", "Totals", "Uniques"]
