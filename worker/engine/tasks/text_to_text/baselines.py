"""What a text can be answered with without a model: the text itself, or its beginning."""

import re
from collections.abc import Sequence

LEADING = 3
# Where a text has no more sentences, its beginning is all of it.
_SENTENCE_END = re.compile(r"(?<=[.!?\u2026])[\"'\u201d\u2019)\]]*\s+|(?<=[\u3002\uff01\uff1f])")


def lead(source: str) -> str:
    """The first three sentences (lead-3, as for news in Nallapati et al. 2016, arXiv 1611.04230)."""
    ends = [match.end() for match in _SENTENCE_END.finditer(source)]
    return source[: ends[LEADING - 1]].strip() if len(ends) >= LEADING else source.strip()


def answers(sources: Sequence[str]) -> dict[str, list[str]]:
    """Baseline -> its answers; the beginning only where most texts are longer."""
    copies, leads = [source.strip() for source in sources], [lead(source) for source in sources]
    shorter = sum(one != other for one, other in zip(copies, leads, strict=True))
    return {"copy": copies, **({"lead_3": leads} if 2 * shorter > len(copies) else {})}
