"""Words beside digits, printed or handwritten."""

from __future__ import annotations

from typing import NamedTuple
from unicodedata import normalize

import numpy as np
from numpy.random import Generator

from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.fonts import font, typeset
from digitnet.datasets.paper.geometry import Points
from digitnet.datasets.paper.ink import uneven
from digitnet.datasets.paper.letters import ACCENTS, LETTERS, X_HEIGHT
from digitnet.datasets.paper.marks import Mark
from digitnet.datasets.paper.sampling import chance, choice, log_uniform, uniform
from digitnet.datasets.paper.signs import SIGNS, formed, from_left, sheared, sign
from digitnet.datasets.paper.writing import image_mark
from digitnet.datasets.synthetic import curve

_WORD_SIZE = 160  # px of a printed word before it is placed
_WORDS = """
No Nr. No. Total Summe Betrag Datum Date Name Tel Tel. Fax CHF EUR USD Fr. Rp. kg km cm mm ml kWh
Std. min Uhr am vom und der die das mit von zu the and of to for from with paid due Room Page Seite
Art. Konto IBAN Bank Rechnung Invoice Amount Price Preis Menge Code Ref. Temp. Objekt Lager Gewicht
janvier février mars avril mai juin juillet août septembre octobre novembre décembre Januar Februar
März April Juni Juli August Dez. Oct Nov Montag Freitag Zürich Bern Genève Basel London Paris Rue
Hauptstrasse Ringstrasse Dorfplatz Seeweg Bergweg Gartenweg Main Street Park Road Avenue Zimmer
Herr Frau Meier Müller Weber Anna Peter Robert Blatt Kasse
"""
_WORD_LETTERS = "acdefhjkmnprtuvwxyACDEFHJKMNPRTUVWXY"
_LOOKALIKES = "OIlSBZGqbogzs"  # of digits


class _Hand(NamedTuple):
    """The handwriting of one word; lengths in units of a digit's height."""

    size: float
    x_height: float
    shear: float
    stretch: float
    gap: float
    joined: bool


def random_word(rng: Generator) -> str:
    """Return a common word, or 2 to 12 random letters of which at most half look like digits."""
    if chance(rng, 0.65):
        text = choice(rng, _WORDS.split())
        return text.upper() if chance(rng, 0.2) else text
    letters = list(rng.choice(list(_WORD_LETTERS), int(rng.integers(2, 13))))
    for place in range(int(rng.integers(2)), len(letters), 2):  # never two in a row
        if chance(rng, 0.5):
            letters[place] = choice(rng, _LOOKALIKES)
    text = "".join(letters)
    return text if chance(rng, 0.3) else text.upper() if chance(rng, 0.3) else text.capitalize()


def printed(text: str, rng: Generator) -> Mark:
    """Return printed text on the baseline y = 0 beside digits about 1 high, from x = 0 on."""
    face = font(_WORD_SIZE, rng)
    image, top = typeset(text, face)
    unit = -face.getbbox("0", anchor="ls")[1] / uniform(rng, 0.85, 1.15)  # px a digit's height
    return image_mark(image).moved(len(image) / unit, 0, top / unit)


def handwritten(text: str, capture: Capture, rng: Generator) -> list[Mark]:
    """Return a handwritten word on the baseline y = 0 beside digits 1 high, from x = 0 on.

    It consists of letters, perhaps with accents, and signs of one character.
    """
    # what the letters have in common
    joined = chance(rng, 0.5)
    hand = _Hand(
        size=uniform(rng, 0.9, 1.1),
        x_height=uniform(rng, 0.5, 0.75),
        shear=rng.normal(0.15, 0.18),
        stretch=log_uniform(rng, 0.8, 1.2),
        gap=uniform(rng, -0.04, 0.08) if joined else uniform(rng, 0.06, 0.2),
        joined=joined,
    )
    slope = rng.normal(0, 0.02)
    # letters from left to right, each perhaps joined to the one before
    marks: list[Mark] = []
    x, before = 0.0, ""
    for character in text:
        new = (
            sign(character, capture, rng)
            if character in SIGNS
            else _letter(character, hand, capture, rng)
        )
        points = new[0].points
        above = points[:, 1] < 0.03  # of the baseline
        edge = points[above if above.any() else slice(None), 0]
        new = [mark.moved(1, x - float(edge.min()), slope * x) for mark in new]
        if hand.joined and before.islower() and character.islower() and chance(rng, 0.75):
            marks.append(_link(marks[-1], new[0], capture, rng))
        marks += reversed(new)  # the letter last, to which the next one is joined
        x += float(np.ptp(edge)) + capture.thickness + hand.gap * uniform(rng, 0.5, 1.5)
        before = character
    return from_left(marks)


def _letter(character: str, hand: _Hand, capture: Capture, rng: Generator) -> list[Mark]:
    """Return a letter on the baseline, then its accents."""
    letter, *accents = list(normalize("NFD", character))
    points, ink = formed(choice(rng, LETTERS[letter]), capture, rng)
    strokes = [(points, ink)]
    for accent in accents:
        dots, inked = formed(ACCENTS[accent], capture, rng)
        middle = np.ptp(points[:, 0]) / 2 - np.ptp(dots[:, 0]) / 2
        raised = 0.34 if letter.isupper() else 0.0
        strokes.append((dots + np.array([middle, -raised]), inked))
    # the letter's slant, size and place
    shear, angle = hand.shear + rng.normal(0, 0.04), rng.normal(0, 0.03)
    scale, shift = hand.size * np.exp(rng.normal(0, 0.04)), rng.normal(0, 0.015)
    marks = []
    for way, pen in strokes:
        if letter.islower():
            way = _with_x_height(way, hand.x_height)
        way = sheared(way * (hand.stretch, 1), shear, angle) * scale + (0, shift)
        marks.append(Mark(way, capture.thickness, pen))
    return marks


def _with_x_height(points: Points, x_height: float) -> Points:
    """Return a lowercase letter with its middle zone stretched to a height."""
    x, y = points.T
    scale = x_height / X_HEIGHT
    ascent = np.maximum(-y - X_HEIGHT, 0)
    y = np.maximum(y, -X_HEIGHT) * scale - ascent * (1 - x_height) / (1 - X_HEIGHT)
    return np.stack([x * scale, y], axis=1)


def _link(left: Mark, right: Mark, capture: Capture, rng: Generator) -> Mark:
    """Return the stroke from the foot of a letter to the start of the next one."""
    feet = left.points[np.abs(left.points[:, 1] + 0.08) < 0.18]
    start = feet[feet[:, 0].argmax()] if len(feet) else left.points[-1]
    end = right.points[0]
    if end[0] > np.median(right.points[:, 0]):  # round letters start at the top right
        end = right.points[right.points[:, 0].argmin()]
    middle = start + (end - start) * (uniform(rng, 0.5, 0.7), uniform(rng, 0.15, 0.4))
    points = curve(3, 32).double().numpy() @ np.stack([start, middle, end])
    return Mark(points, capture.thickness, uneven(np.ones(31), capture.pen, rng))
