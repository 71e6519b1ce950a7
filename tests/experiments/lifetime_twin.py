"""The slow, obvious twin of the lifetime: fractions, recursion, one setting at a time."""

from fractions import Fraction
from functools import cache


def life(selected, modified, discount, training, deployed):
    """(value, choice) of the current episode; choice is 1 comply, -1 defect, 0 either."""

    @cache
    def worth(left, ahead):
        if left == 0:
            return (
                Fraction(0) if ahead == 0 else max(discount * worth(0, ahead - 1), 1 + discount * worth(0, ahead - 1))
            )
        return max(both(left, ahead))

    def both(left, ahead):
        kept = worth(left - 1, ahead)
        caught = selected * modified
        return discount * kept, 1 + (1 - caught) * discount * kept + caught * discount * 0

    if training == 0:
        return worth(0, deployed), -1
    comply, defect = both(training, deployed)
    return max(comply, defect), (comply > defect) - (comply < defect)


def threshold(selected, modified, discount, training, deployed):
    """The closed form, in fractions, its geometric series summed term by term."""
    return selected * modified * discount**training * sum((discount**k for k in range(deployed)), Fraction(0))
