"""The rule for an amount of money on a record of any kind: how finely its currency is divided."""

from __future__ import annotations

from decimal import Decimal

from domain.shared.errors import RuleBroken

_SMALLEST = {
    Decimal(1): "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    Decimal("0.001"): "BHD IQD JOD KWD LYD OMR TND",
    # The second line: metals, funds and test codes, for which ISO 4217 sets no minor unit; all that Money holds.
    Decimal("0.0001"): "CLF UYW XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX",
}
_CENT = Decimal("0.01")
MINOR_UNITS = {code: unit for unit, codes in _SMALLEST.items() for code in codes.split()}
"""The smallest amount of a currency (ISO 4217), where that is not a hundredth."""


class ExcessPrecision(RuleBroken):
    """An amount has more decimals than its currency."""


def require_precision(amount: Decimal | None, currency: str) -> None:
    """Refuse what is not a whole number of the currency's minor units, instead of rounding it."""
    if amount is not None and amount % MINOR_UNITS.get(currency, _CENT) != 0:
        raise ExcessPrecision
