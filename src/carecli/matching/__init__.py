"""What concerns us though nobody tags us: the query language, and why a text fits.

    acme air                both words, in any order and in their forms (acme's, באקמה, Zefirowi)
    acme OR "acme air"      either; `OR` binds weaker than a space, parentheses group
    "acme air"              side by side; also written together, or with a hyphen
    acme -jobs              not with this word
    orange -"orange juice"  false friends: what stands inside an excluded phrase does not count, the rest does
    aeroluna~               with misspellings: one letter wrong from 5 letters on, two from 9
    =Apple                  exactly so, capitals and all
    #acme  @acme            only as a hashtag, only as a handle (a plain word finds both, too)
    link:acme.example/shop  a link to there, or to a sub-domain of it

Case and diacritics never matter but after `=`. Scripts without spaces are searched as they stand. A text is read
once per term; nothing here takes longer than its length, times that of the query.
"""

from __future__ import annotations

from carecli.matching.dialects import DIALECTS, to_search
from carecli.matching.finding import distance
from carecli.matching.queries import Query, any_of, parse
from carecli.matching.terms import Match

__all__ = ["DIALECTS", "Match", "Query", "any_of", "distance", "parse", "to_search"]
