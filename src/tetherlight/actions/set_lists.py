"""Handlers of the actions that list sets and captures."""

import asyncio

from tetherlight.actions.context import Context, Pair, bind
from tetherlight.protocol.messages import Encoded
from tetherlight.protocol.set_lists import (
    LIST_CAPTURES,
    LIST_IMAGE_SETS,
    LIST_SET_FACETS,
    ImageList,
    ImageSetList,
    ListCaptures,
    ListSets,
    SetFacets,
)


async def list_image_sets(context: Context, payload: ListSets) -> Encoded[ImageSetList]:
    """List the sets, newest first, or a page of them."""
    return await context.rig.sets.list(payload)


async def list_set_facets(context: Context, payload: ListSets) -> SetFacets:
    """Tell by what the sets can be narrowed down."""
    return await context.rig.sets.facets(payload)


async def list_captures(context: Context, payload: ListCaptures) -> ImageList:
    """List the newest single captures."""
    return ImageList(await asyncio.to_thread(context.rig.store.captures.newest, payload.limit))


PAIRS: tuple[Pair, ...] = (
    bind(LIST_IMAGE_SETS, list_image_sets),
    bind(LIST_SET_FACETS, list_set_facets),
    bind(LIST_CAPTURES, list_captures),
)
