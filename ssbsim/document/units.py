"""Text such as ``200 nm`` to a number in the storage unit of its dimension.

A quantity is ``number unit``; a unit is a product of names with integer powers, read by the small grammar below and
looked up one name at a time, so that nothing in an input file is ever evaluated. The conversion factors come from
pint, in a registry that knows only the units listed here; it is made on first use because importing pint takes a
third of a second. Conversion is in decimal arithmetic and rounded once, so that 200 nm, 0.2 um and 2e-7 m are the same
float.

Particles may be counted singly or in moles, and energies may be given per particle or per mole.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ssbsim.constants import AVOGADRO, ELEMENTARY_CHARGE
from ssbsim.document.suggestions import nearest

_DEFINITIONS = f"""
femto- = 1e-15 = f-
pico- = 1e-12 = p-
nano- = 1e-9 = n-
micro- = 1e-6 = µ- = μ- = u-
milli- = 1e-3 = m-
centi- = 1e-2 = c-
deci- = 1e-1 = d-
kilo- = 1e3 = k-
mega- = 1e6 = M-
giga- = 1e9 = G-
tera- = 1e12 = T-
meter = [length] = m = metre
second = [time] = s
ampere = [current] = A
gram = [mass] = g
kelvin = [temperature]; offset: 0 = K
mole = [substance] = mol
degree_Celsius = kelvin; offset: 273.15 = degC
minute = 60 * second = min
hour = 3600 * second = h
day = 86400 * second = d
angstrom = 1e-10 * meter = Å = Å = Angstrom
coulomb = ampere * second = C
newton = kilogram * meter / second ** 2 = N
joule = newton * meter = J
watt = joule / second = W
volt = watt / ampere = V
ohm = volt / ampere = Ω = Ω = Ohm
siemens = ampere / volt = S
degree = [angle] = deg
farad = coulomb / volt = F
hertz = 1 / second = Hz
elementary_charge = {ELEMENTARY_CHARGE!r} * coulomb = e
electron_volt = {ELEMENTARY_CHARGE!r} * joule = eV
liter = 1e-3 * meter ** 3 = L = l = litre
molar = mole / liter = M
"""

_COMMON_UNITS = [
    *("m", "cm", "mm", "um", "µm", "nm", "pm", "angstrom", "s", "ms", "us", "ns", "min", "h", "d", "K", "degC"),
    *("V", "mV", "uV", "kV", "eV", "meV", "J", "kJ", "mol", "mmol", "L", "mL", "A", "mA", "uA", "nA", "C", "uC", "nC"),
    *("e", "ohm", "mohm", "kohm", "Mohm", "S", "mS", "uS", "F", "mF", "uF", "nF", "pF", "Hz", "kHz", "MHz", "g", "kg"),
]

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*")
_TOKEN = re.compile(
    r"\s*(?:(?P<name>[^\W\d_]+(?:_[^\W\d_]+)*|°C)(?P<short>[+-]?\d+)?|(?P<one>1)(?!\d)|(?P<op>\*\*|[*/^·]))"
)
_POWER = re.compile(r"\s*\(?\s*([+-]?\d+)\s*\)?")
_LARGEST_POWER = 9


class UnitError(ValueError):
    """A quantity cannot be read.

    Args:
        what: What is wrong, in one sentence.
        hint: What to write instead.
    """

    def __init__(self, what: str, hint: str = "") -> None:
        self.what = what
        self.hint = hint
        super().__init__(what)


@dataclass(frozen=True)
class Dimension:
    """What a number measures, and the unit in which a Case stores it.

    Attributes:
        name: The word of the field, for messages.
        unit: Storage unit.
        example: A value as a user would write it.
        alternatives: Other units with another dimension that mean the same, as (unit, factor to the storage unit).
    """

    name: str
    unit: str
    example: str
    alternatives: tuple[tuple[str, Decimal], ...] = field(default=())

    @property
    def phrase(self) -> str:
        """The name with its article."""
        return f"{'an' if self.name[0] in 'aeiou' else 'a'} {self.name}"


_PER_PARTICLE = 1 / Decimal(repr(AVOGADRO))
_PER_MOLE_EV = _PER_PARTICLE / Decimal(repr(ELEMENTARY_CHARGE))

LENGTH = Dimension("length", "m", "200 nm")
TIME = Dimension("time", "s", "10 ms")
TEMPERATURE = Dimension("temperature", "K", "298.15 K")
POTENTIAL = Dimension("potential", "V", "10 mV")
ENERGY = Dimension("energy", "eV", "0.35 eV", (("J/mol", _PER_MOLE_EV),))
CONCENTRATION = Dimension("concentration", "mol/m^3", "8261 mol/m^3", (("1/m^3", _PER_PARTICLE),))
AREA_DENSITY = Dimension("area density", "mol/m^2", "1e-5 mol/m^2", (("1/m^2", _PER_PARTICLE),))
DIFFUSIVITY = Dimension("diffusivity", "m^2/s", "2.6e-12 m^2/s")
CONDUCTIVITY = Dimension("conductivity", "S/m", "0.1 S/m")
CHARGE_DENSITY = Dimension("charge density", "C/m^3", "1.5 e/nm^3")
AREA_CHARGE = Dimension("charge per area", "C/m^2", "0.1 C/m^2")
AREA_RESISTANCE = Dimension("area-specific resistance", "ohm*m^2", "10 ohm*cm^2")
AREA_CAPACITANCE = Dimension("capacitance per area", "F/m^2", "10 uF/cm^2")
PERMEABILITY = Dimension("permeability", "m/s", "1.4e-8 m/s")
ANGLE = Dimension("angle", "deg", "15 deg")
FREQUENCY = Dimension("frequency", "Hz", "1 kHz")
CURRENT_DENSITY = Dimension("current density", "A/m^2", "1 mA/cm^2")

DIMENSIONS: tuple[Dimension, ...] = (
    AREA_CAPACITANCE,
    AREA_CHARGE,
    AREA_DENSITY,
    AREA_RESISTANCE,
    CHARGE_DENSITY,
    CONCENTRATION,
    CONDUCTIVITY,
    CURRENT_DENSITY,
    DIFFUSIVITY,
    ENERGY,
    FREQUENCY,
    LENGTH,
    POTENTIAL,
    TEMPERATURE,
    TIME,
)


@lru_cache(maxsize=1)
def _registry() -> Any:
    import pint

    registry = pint.UnitRegistry(None, autoconvert_offset_to_baseunit=True, non_int_type=Decimal)
    registry.load_definitions(_DEFINITIONS.strip().splitlines())
    return registry


def _factors(unit: str) -> list[tuple[str, int]]:
    """Names and powers of a unit text: ``mol/m^3`` gives [("mol", 1), ("m", -3)]."""
    factors: list[tuple[str, int]] = []
    position, sign, expects_name = 0, 1, True
    text = unit.strip()
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise UnitError(
                f"the unit '{text}' cannot be read at '{text[position:].strip()}'", "write units as mol/m^3"
            )
        position = token.end()
        if token["op"] is not None:
            if token["op"] in ("^", "**"):
                power = _POWER.match(text, position)
                if expects_name or not factors or power is None or abs(int(power[1])) > _LARGEST_POWER:
                    raise UnitError(
                        f"the unit '{text}' has a power that cannot be read", "write powers as in m^2 or m^-3"
                    )
                factors[-1] = (factors[-1][0], factors[-1][1] * int(power[1]))
                position = power.end()
                continue
            if expects_name and not (token["op"] == "/" and not factors):
                raise UnitError(f"the unit '{text}' has two signs in a row", "write units as mol/m^3")
            sign = -1 if token["op"] == "/" else 1
            expects_name = True
            continue
        if token["name"] is not None:
            power_text = token["short"] or "1"
            if abs(int(power_text)) > _LARGEST_POWER:
                raise UnitError(f"the unit '{text}' has a power that cannot be read", "write powers as in m^2 or m^-3")
            factors.append((token["name"], sign * int(power_text)))
        else:
            factors.append(("", 1))
        sign, expects_name = 1, False
    if expects_name:
        raise UnitError(f"the unit '{text}' is not complete", "write units as mol/m^3")
    return [factor for factor in factors if factor[0]]


def _pint_unit(unit: str) -> Any:
    import pint

    registry = _registry()
    product = registry.Unit("")
    for name, power in _factors(unit):
        try:
            product = product * registry.Unit(name.replace("°", "deg")) ** power
        except (pint.errors.UndefinedUnitError, pint.errors.DefinitionSyntaxError):
            guess = nearest(name, _COMMON_UNITS)
            hint = f"did you mean '{guess}'?" if guess else "known units are " + ", ".join(_COMMON_UNITS)
            raise UnitError(f"'{name}' is not a unit", hint) from None
    return product


@lru_cache(maxsize=512)
def _conversion(unit: str, dimension: Dimension) -> tuple[Decimal, Decimal]:
    """Scale and offset that take a number in ``unit`` to the storage unit of ``dimension``."""
    if unit == dimension.unit:
        return Decimal(1), Decimal(0)
    registry = _registry()
    given = _pint_unit(unit)
    for target, factor in ((dimension.unit, Decimal(1)), *dimension.alternatives):
        wanted = _pint_unit(target)
        if given.dimensionality == wanted.dimensionality:
            zero = Decimal(registry.Quantity(Decimal(0), given).to(wanted).magnitude)
            one = Decimal(registry.Quantity(Decimal(1), given).to(wanted).magnitude)
            return (one - zero) * factor, zero * factor
    hint = f"write {dimension.phrase}, for example '{dimension.example}'"
    measured = [other.phrase for other in DIMENSIONS if _pint_unit(other.unit).dimensionality == given.dimensionality]
    meaning = measured[0] if measured else f"not {dimension.phrase}"
    raise UnitError(f"expected {dimension.phrase}, but '{unit}' is {meaning}", hint)


def parse_quantity(text: str, dimension: Dimension) -> float:
    """Read ``text`` as a quantity of ``dimension``.

    Returns:
        The number in ``dimension.unit``.

    Raises:
        UnitError: The text is not a number with a unit of this dimension.
    """
    number = _NUMBER.match(text)
    example = f"write {dimension.phrase} as a number and a unit, for example '{dimension.example}'"
    if number is None:
        raise UnitError(f"expected {dimension.phrase}, found '{text}'", example)
    unit = text[number.end() :].strip()
    if not unit:
        raise UnitError(f"'{text}' has no unit", example)
    if unit.startswith(","):
        raise UnitError(f"'{text}' has a comma", "write the decimal point as '.'")
    scale, offset = _conversion(unit, dimension)
    value = float(Decimal(number[1]) * scale + offset) if math.isfinite(float(number[1])) else math.inf
    if not math.isfinite(value):
        raise UnitError(f"'{text}' is too large", example)
    return value


def format_quantity(value: float, dimension: Dimension) -> str:
    """Text in the storage unit that reads back as exactly ``value``."""
    return f"{value!r} {dimension.unit}"
