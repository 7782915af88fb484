"""What image sets have in common: their days, objects and cameras, by which many are narrowed down. Pure."""

from collections import Counter
from collections.abc import Iterable

from tetherlight.protocol.set_lists import FacetValue, ListSets, SetFacets
from tetherlight.store.index import Entry
from tetherlight.store.paging import day_of, is_complete, matching, object_of

MOST = 1000
"""Values of one kind that are told."""


def facets_of(entries: Iterable[Entry], wanted: ListSets) -> SetFacets:
    """Count what the sets that are wanted have in common."""
    found = [one.summary for one in matching(entries, wanted)]
    days = Counter(day.isoformat() for one in found if (day := day_of(one)) is not None)
    complete = sum(map(is_complete, found))
    return SetFacets(
        days=[FacetValue(value=day, count=days[day]) for day in sorted(days, reverse=True)[:MOST]],
        objects=_most(Counter(map(object_of, found))),
        cameras=_most(Counter(one.camera for one in found if one.camera is not None)),
        complete=complete,
        partial=len(found) - complete,
    )


def _most(counts: Counter[str]) -> list[FacetValue]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [FacetValue(value=value, count=count) for value, count in ordered[:MOST]]
