"""Numbers that name a person or reach into a wallet, told from other numbers by their check digits.

Sources of the formulas: ISO/IEC 7812-1 (Luhn), ISO 13616 and ISO/IEC 7064 (IBAN, mod 97-10), GB 11643 (Chinese
resident identity, mod 11-2), the PESEL act's weights 1 3 7 9, and the Israeli Ministry of Interior's check digit,
which is Luhn's over nine digits.
"""

from __future__ import annotations

from datetime import date

# Length of an IBAN by country (ISO 13616 registry).
_BY_LENGTH = {
    15: "NO",
    16: "BE",
    18: "DK FI NL",
    19: "MK SI",
    20: "AT BA EE LT LU",
    21: "CH HR LI LV",
    22: "BG DE GB GE IE ME RS",
    23: "AE GI IL",
    24: "AD CZ ES MD RO SA SE SK",
    25: "PT",
    26: "IS TR",
    27: "FR GR IT MC SM",
    28: "AL CY HU PL",
    29: "UA",
    31: "MT",
}
IBAN_LENGTHS = {country: length for length, countries in _BY_LENGTH.items() for country in countries.split()}
_CN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_PESEL_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)


def luhn(digits: str) -> bool:
    """Whether the last of `digits` is Luhn's check digit over the others."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_card(digits: str) -> bool:
    """A payment card: 13–19 digits, the first of a card network, Luhn's check digit."""
    return 13 <= len(digits) <= 19 and digits[0] in "23456" and len(set(digits)) > 1 and luhn(digits)


def is_israeli_id(digits: str) -> bool:
    """An Israeli identity number: nine digits with Luhn's check digit."""
    return len(digits) == 9 and len(set(digits)) > 1 and luhn(digits)


def is_pesel(digits: str) -> bool:
    """A Polish PESEL: eleven digits, a birth date with the century in its month, a check digit."""
    if len(digits) != 11:
        return False
    century, month = divmod(int(digits[2:4]), 20)
    year = {4: 1800, 0: 1900, 1: 2000, 2: 2100, 3: 2200}[century] + int(digits[:2])
    total = sum(weight * int(digit) for weight, digit in zip(_PESEL_WEIGHTS, digits, strict=False))
    return _is_date(year, month, int(digits[4:6])) and (10 - total % 10) % 10 == int(digits[10])


def is_chinese_id(text: str) -> bool:
    """A Chinese resident identity number: 17 digits with a birth date, and a check character 0–9 or X."""
    if len(text) != 18 or not _is_date(int(text[6:10]), int(text[10:12]), int(text[12:14])):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_CN_WEIGHTS, text, strict=False))
    return "10X98765432"[total % 11] == text[17].upper()


def is_us_ssn(groups: tuple[str, ...]) -> bool:
    """A United States social security number: written 3-2-4, and in a range that was given out."""
    if tuple(map(len, groups)) != (3, 2, 4):
        return False
    area, group, serial = groups
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def is_iban(text: str) -> bool:
    """An IBAN without spaces: its country's length, and remainder 1 modulo 97 with letters as 10…35."""
    upper = text.upper()
    if IBAN_LENGTHS.get(upper[:2]) != len(upper) or not upper.isalnum() or not upper.isascii():
        return False
    return int("".join(str(int(character, 36)) for character in upper[4:] + upper[:4])) % 97 == 1


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
