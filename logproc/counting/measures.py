"""What is measured of the records of each key of a panel, besides how many there are.

Every measure has the same interface. `count` measures the records of a chunk, `merge` adds measures whose rows are
numbered differently, `select` keeps some rows, `size` is how many rows there are, and `weight` how many entries are
held, which is what merging costs. A row is a key of the panel; a record's row is -1 where it has none.

Merging is associative and commutative: whatever was counted together or apart, in whatever order it was merged, every
answer is the same, to the last digit. A test of each holds it as a law.
"""

from logproc.counting.buckets import Buckets
from logproc.counting.totals import Totals
from logproc.counting.uniques import Uniques

Measure = Totals | Buckets | Uniques

__all__ = ["Buckets", "Measure", "Totals", "Uniques"]
