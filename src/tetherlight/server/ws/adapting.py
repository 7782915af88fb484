"""How small the frames of one paced live view are, by how long each takes until the client has drawn it.

Smaller frames help where the way to the client is slow. Where they do not, as on a quick way with a long delay, or in a
browser that is busy, the larger ones come back, and are given up again only after a while.
"""

from collections import deque
from statistics import median

from tetherlight.liveview.liveview import Frame
from tetherlight.liveview.sizes import SIZES, Size

WHOLE_S = 0.12
"""Seconds that a whole frame may take: below eight frames a second a smaller picture is the better one."""
SMALL_S = 0.08
"""Seconds that a smaller frame may take."""
ROOM = 0.6
"""Share of these seconds that a larger frame should take before it is tried."""
HELP = 0.85
"""Share of its time that a frame takes at most after a step that helped."""
SAMPLES = 3
"""Frames by which a size is judged, the first ones of a size aside."""
SETTLE_S = 0.4
"""Seconds of a size before it is judged."""
TRIAL_S = 2.0
"""Seconds before a larger size is tried."""
HOLD_S = 15.0
"""Seconds after a vain change before the same one is tried again."""


class Adapter:
    """Chooses a size for each frame; `first` is the place in SIZES of the largest one, None for whole frames."""

    def __init__(self, first: int | None) -> None:
        self._first = -1 if first is None else first
        self._place = self._first
        self._changed_at = 0.0
        self._sent_at: float | None = None
        self._times: deque[float] = deque(maxlen=SAMPLES)
        self._bytes: dict[int, int] = {}
        self._whole_width = 0
        self._before: float | None = None
        """What a frame took before the last step down, until that is judged."""
        self._no_wider_before = self._no_narrower_before = 0.0

    @property
    def size(self) -> Size | None:
        """The size of the next frame; None for whole ones."""
        return None if self._place < 0 else SIZES[self._place]

    def sent(self, whole: Frame, frame: Frame, now: float) -> None:
        """Take note that a frame goes to the client."""
        self._whole_width = whole.width
        self._bytes[self._place] = len(frame.jpeg)
        self._sent_at = now

    def drawn(self, now: float) -> None:
        """Take note that the client has drawn it, and choose anew."""
        if self._sent_at is None:
            return
        self._times.append(now - self._sent_at)
        self._sent_at = None
        self._changed_at = self._changed_at or now
        if len(self._times) == SAMPLES and now - self._changed_at >= SETTLE_S:
            self._judge(median(self._times), now)

    def interrupted(self) -> None:
        """Forget the frame under way: it may never come."""
        self._sent_at = None

    def _judge(self, took: float, now: float) -> None:
        if self._before is not None and took > HELP * self._before:
            # The way was not what took the time.
            self._step(self._wider(), now)
            self._no_narrower_before = now + HOLD_S
            return
        self._before = None
        limit = WHOLE_S if self._place < 0 else SMALL_S
        if took > limit:
            self._down(took, now)
        elif now >= self._no_wider_before and now - self._changed_at >= TRIAL_S:
            self._try_wider(took, now)

    def _down(self, took: float, now: float) -> None:
        narrower = self._narrower()
        if now < self._no_narrower_before or narrower is None:
            return
        if narrower in self._bytes:
            self._no_wider_before = now + HOLD_S  # the larger size was tried in vain
        self._step(narrower, now)
        self._before = took

    def _try_wider(self, took: float, now: float) -> None:
        wider = self._wider()
        if wider == self._place:
            return
        known = self._bytes.get(wider)
        growth = 2.5 if known is None else known / self._bytes[self._place]
        if took * growth <= ROOM * (WHOLE_S if wider < 0 else SMALL_S):
            self._step(wider, now)

    def _narrower(self) -> int | None:
        return next(
            (place for place in range(self._place + 1, len(SIZES)) if SIZES[place].width < self._whole_width), None
        )

    def _wider(self) -> int:
        place = max(self._first, self._place - 1)
        # A size that the camera's frames do not reach is the whole frame.
        return place if place < 0 or SIZES[place].width < self._whole_width else self._first

    def _step(self, place: int, now: float) -> None:
        self._place, self._changed_at, self._before = place, now, None
        self._times.clear()
