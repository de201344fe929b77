"""Distractors of the size of digits: punctuation, mathematical signs, letters and words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple
from unicodedata import normalize

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.fields import between, chance, ratio
from digitnet.datasets.paper.fonts import font
from digitnet.datasets.paper.ink import skipped
from digitnet.datasets.paper.marks import Mark, Points
from digitnet.datasets.paper.writing import pictured
from digitnet.datasets.synthetic import bent, curve, traced

Strokes = tuple[str, ...]  # "x,y x,y ...": control points in hundredths of a digit's height


class Sign(NamedTuple):
    """A handwritten sign beside a digit that spans y from 0 to 100.

    Attributes:
        strokes: Control points of each stroke.
        anchor: The y that stays in place when the size varies.
        size: Range of the scale.
        shift: Standard deviation of the vertical position, in hundredths.
    """

    strokes: Strokes
    anchor: float = 50
    size: tuple[float, float] = (0.85, 1.2)
    shift: float = 3


_SMALL_SCALES = (0.7, 1.6)

SIGNS: Mapping[str, Sign] = {
    "/": Sign(("0,114 46,-14",)),
    "\\": Sign(("0,-12 46,112",)),
    ".": Sign(("0,96 4,98",), 98, (0.5, 2.0)),
    ",": Sign(("6,89 8,98 0,115",), 98, _SMALL_SCALES),
    ":": Sign(("1,48 4,50", "0,94 3,97"), 98, (0.8, 1.15)),
    ";": Sign(("3,48 6,50", "6,90 8,98 0,114"), 98, (0.8, 1.15)),
    "'": Sign(("6,-8 0,22",), 0, _SMALL_SCALES, 4),
    "-": Sign(("0,55 30,54",), 55, _SMALL_SCALES, 6),
    "long dash": Sign(("0,55 88,53",), 55, (0.8, 1.5), 6),
    "_": Sign(("0,108 70,107",), 108, _SMALL_SCALES),
    "+": Sign(("0,50 90,50", "45,5 45,95"), 52, (0.45, 0.8)),
    "minus": Sign(("0,53 50,52",), 53, (0.8, 1.3)),
    "=": Sign(("0,30 90,30", "0,64 90,62"), 50, (0.45, 0.8)),
    "times": Sign(("0,34 46,84", "46,34 0,84"), 70, (0.7, 1.2)),
    "division": Sign(("0,54 60,53", "28,28 31,32", "28,75 31,79"), 54),
    "%": Sign(("16,4 2,14 4,38 18,44 28,28 16,4", "72,0 6,100", "64,54 50,66 54,96 76,80 64,54")),
    "#": Sign(("28,4 14,98", "58,2 44,96", "4,36 74,32", "0,68 68,64")),
    "$": Sign(("50,18 30,6 6,18 14,44 42,56 50,78 28,94 0,84", "30,-12 24,114")),
    "€": Sign(("66,14 44,0 20,16 12,52 22,88 46,100 66,86", "0,42 48,40", "0,60 44,58")),
    "£": Sign(("54,16 38,0 22,12 24,54 18,86 0,96 18,92 38,99 58,90", "4,54 42,52")),
    "Fr": Sign(("4,0 0,100", "4,0 52,2", "2,48 42,46", "62,46 64,100", "64,66 76,48 92,46")),
    "*": Sign(("18,0 18,44", "0,10 36,34", "36,10 0,34"), 22, (0.6, 1.2), 8),
    "(": Sign(("26,0 8,20 0,50 8,80 26,100",), 50, (0.9, 1.35)),
    ")": Sign(("0,0 18,20 26,50 18,80 0,100",), 50, (0.9, 1.35)),
    "[": Sign(("24,-8 0,-7", "0,-7 0,108", "0,108 24,107")),
    "]": Sign(("0,-8 24,-7", "24,-7 24,108", "24,108 0,107")),
    "|": Sign(("0,-14 2,114",)),
    "~": Sign(("0,58 14,46 30,52 46,60 62,48",), 52, (0.6, 1.1), 5),
    "°": Sign(("12,-4 1,6 6,20 18,18 22,4 12,-4 6,-1",), 0, (0.7, 1.3)),
    "tick": Sign(("0,60 22,100", "22,100 70,0")),
    "arrow": Sign(("0,50 100,50", "74,24 100,50", "100,50 74,76"), 50, (0.6, 1.2), 6),
    ">": Sign(("0,26 54,54", "54,54 0,84"), 55, (0.7, 1.15)),
    "<": Sign(("54,26 0,54", "0,54 54,84"), 55, (0.7, 1.15)),
}

# All forms of each letter, one after "|", their strokes one after "/"; baseline at y = 100,
# capitals from y = 0, x-height from y = 42
_STROKES = """
A 0,100 30,0 / 30,0 62,100 / 12,62 50,60 | 0,100 6,30 28,0 50,30 56,100 / 2,58 54,56
B 0,2 2,100 / 0,4 34,2 46,22 30,44 4,46 / 4,46 40,50 54,74 36,98 2,99
C 58,14 36,0 10,16 0,52 12,88 36,100 60,86
D 0,2 2,100 / 0,2 38,8 60,46 42,90 2,99
E 4,0 0,100 / 4,0 50,2 / 2,48 42,46 / 0,100 52,98 | 48,10 26,0 8,16 14,42 30,48 / 30,48 8,56 0,82
  20,100 52,88
F 4,0 0,100 / 4,0 52,2 / 2,48 42,46
G 58,14 34,0 8,18 0,54 14,90 38,100 58,80 60,58 / 34,60 68,57 | 56,12 34,0 8,18 0,54 14,90 36,98
  56,60 / 56,60 54,106
H 0,0 2,100 / 56,0 54,100 / 2,50 54,48
I 0,2 34,0 / 17,1 17,99 / 0,99 34,98 | 4,0 2,100
J 36,0 36,74 26,98 8,98 0,80 | 14,2 58,0 / 38,1 38,74 28,98 8,98 0,82
K 0,0 2,100 / 54,0 4,54 / 4,54 58,100
L 2,0 0,98 / 0,98 46,97
M 0,100 6,0 / 6,0 36,70 / 36,70 66,0 / 66,0 74,100
N 0,100 2,0 / 2,0 54,100 / 54,100 56,0
O 36,0 10,14 0,54 14,90 38,100 62,78 64,34 44,4 26,4
P 0,0 2,100 / 0,4 40,0 52,24 36,50 2,54
Q 36,0 10,14 0,54 14,90 38,100 62,78 64,34 44,4 26,4 / 38,74 70,110
R 0,0 2,100 / 0,4 40,0 50,24 36,48 2,52 / 24,52 54,100 | 6,0 2,100 / 0,10 28,-2 50,16 38,44 12,54
  / 12,54 30,74 62,98
S 52,12 30,0 6,14 14,42 42,56 50,80 28,100 0,88
T 0,2 64,0 / 32,2 30,100
U 0,0 2,66 18,98 42,94 54,66 56,0
V 0,0 28,100 / 28,100 58,0
W 0,0 18,100 / 18,100 36,30 / 36,30 54,100 / 54,100 74,0
X 0,0 56,100 / 56,0 0,100
Y 0,0 28,48 / 58,0 28,48 / 28,48 28,100 | 0,0 28,52 / 60,0 16,104
Z 0,2 56,0 / 56,0 0,98 / 0,98 60,97 | 0,2 56,0 / 56,0 0,98 / 0,98 60,97 / 12,52 46,50
a 40,50 24,42 6,54 2,78 14,98 30,90 40,64 / 41,44 40,80 46,98 54,95 | 6,52 22,42 38,52 40,76 41,99
  / 40,68 18,66 4,82 14,98 30,94 40,80
b 2,0 2,98 / 2,64 20,44 40,56 42,78 26,98 2,94 | 4,0 2,80 14,99 34,92 40,68 26,52 4,70
c 40,52 24,42 6,54 2,76 16,98 42,90
d 40,54 24,44 6,54 2,78 14,98 30,92 40,72 / 42,0 40,70 42,98 50,96
e 4,72 38,68 36,50 20,42 4,56 2,80 18,99 42,88
f 44,8 30,0 20,14 18,60 16,100 / 2,44 38,42 | 42,6 28,0 22,30 14,130 2,132 / 4,46 40,42
g 40,50 24,42 6,52 2,74 14,92 30,86 40,62 / 41,44 40,110 30,136 12,138 0,126 | 36,46 20,42 4,56
  12,74 30,72 36,56 22,43 / 14,74 8,88 34,94 42,114 24,136 4,128 10,106 34,94 / 32,50 48,43
h 0,0 2,100 / 2,62 22,42 42,52 44,100 | 2,80 20,18 10,2 4,30 2,100 / 2,72 20,44 36,56 38,92 46,96
i 2,44 2,82 8,99 16,95 / 4,19 7,22 | 2,44 2,100 / 3,18 6,21
j 20,44 20,112 12,136 0,132 / 20,19 24,22
k 0,0 2,100 / 34,46 3,76 / 12,70 38,100
l 2,0 2,80 8,98 18,95 | 2,0 2,100 | 0,76 22,20 14,0 5,20 5,80 13,99 22,92
m 0,42 2,100 / 2,62 18,42 30,54 30,100 / 30,62 48,42 60,54 61,100
n 0,42 2,100 / 2,62 20,42 36,54 38,100 | 0,44 2,100 / 2,66 18,43 32,56 34,90 44,96
o 24,42 5,54 3,84 20,99 39,86 40,58 24,43 14,46
p 0,44 2,140 / 2,60 20,42 38,54 40,78 24,98 2,90
q 38,54 22,42 4,54 2,78 14,96 30,88 38,66 / 40,44 40,138 | 38,54 22,42 4,54 2,78 14,96 30,88 38,66
  / 40,44 40,136 / 40,136 54,122
r 0,42 2,100 / 2,66 14,46 30,46 | 0,44 9,54 9,100 / 9,66 20,46 34,52
s 34,48 18,42 4,53 14,67 33,78 30,94 12,100 0,92 | 0,94 18,44 / 18,44 20,64 30,84 18,100 4,95
t 14,10 14,84 22,99 36,94 / 0,42 34,40 | 16,12 14,100 / 0,38 34,34
u 2,42 2,80 14,98 30,90 38,68 / 38,42 38,84 46,98 52,95
v 0,42 18,98 / 18,98 36,42
w 0,42 12,98 / 12,98 26,54 / 26,54 38,98 / 38,98 52,42 | 0,44 6,90 20,94 26,56 32,92 48,90 54,42
x 0,42 36,100 / 36,42 0,100
y 2,42 4,74 18,82 36,64 / 38,42 36,104 24,136 4,132 | 0,42 20,92 / 40,42 6,138
z 0,44 36,43 / 36,43 0,98 / 0,98 40,97 | 0,44 36,43 / 36,43 0,98 / 0,98 40,97 / 6,72 34,70
"""


def _parsed(table: str) -> dict[str, tuple[Strokes, ...]]:
    """Return the forms of each letter from lines that start with it, or else go on."""
    forms = {}
    for entry in re.split(r"\n(?=\w )", table.strip()):
        letter, _, rest = entry.partition(" ")
        strokes = [form.split("/") for form in rest.split("|")]
        forms[letter] = tuple(tuple(" ".join(s.split()) for s in form) for form in strokes)
    return forms


LETTERS: Mapping[str, tuple[Strokes, ...]] = _parsed(_STROKES)
_X_HEIGHT = 0.58  # of the templates

_ACCENTS: Mapping[str, Strokes] = {
    "\u0300": ("0,14 18,28",),
    "\u0301": ("18,12 0,28",),
    "\u0302": ("0,28 14,14", "14,14 26,28"),
    "\u0308": ("0,20 3,23", "22,18 25,21"),
    "\u0327": ("8,100 14,110 2,118",),
}

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


def sign(name: str, capture: Capture, rng: Generator) -> list[Mark]:
    """Return a handwritten sign beside digits that span y from -1 to 0, its left edge at x = 0.

    Args:
        name: A key of `SIGNS`.
        capture: Pen and thickness.
        rng: Draws size, slant, position and form.
    """
    template = SIGNS[name]
    points, ink = _formed(template.strokes, capture, rng)
    anchor = template.anchor / 100 - 1
    points = _sheared(points - (0, anchor), rng.normal(0.08, 0.12), rng.normal(0, 0.06))
    points = points * ratio(rng, *template.size)
    points += (0, anchor + rng.normal(0, template.shift / 100))
    return _from_left([Mark(points, capture.thickness, ink)])


def word(text: str | None, capture: Capture, rng: Generator, *, printed: bool) -> list[Mark]:
    """Return a word on the baseline y = 0 beside digits that are 1 high, its left edge at x = 0.

    Args:
        text: Letters, spaces and signs of one character; `None` draws a word.
        capture: Pen and thickness of handwriting.
        rng: Draws the word, and its font or handwriting.
        printed: One picture of the whole word in a font, instead of handwritten letters.
    """
    text = _random_text(rng) if text is None else text
    return [_printed(text, rng)] if printed else _handwritten(text, capture, rng)


def _random_text(rng: Generator) -> str:
    """Return a common word, or 2 to 12 random letters of which at most half look like digits."""
    if chance(rng, 0.65):
        words = _WORDS.split()
        text = words[rng.integers(len(words))]
        return text.upper() if chance(rng, 0.2) else text
    letters = list(rng.choice(list(_WORD_LETTERS), int(rng.integers(2, 13))))
    for place in range(int(rng.integers(2)), len(letters), 2):  # never two in a row
        if chance(rng, 0.5):
            letters[place] = _LOOKALIKES[rng.integers(len(_LOOKALIKES))]
    text = "".join(letters)
    return text if chance(rng, 0.3) else text.upper() if chance(rng, 0.3) else text.capitalize()


def _printed(text: str, rng: Generator) -> Mark:
    face = font(160, rng)
    left, top, right, bottom = (int(side) for side in face.getbbox(text, anchor="ls"))
    image = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(image).text((-left, -top), text, 255, face, anchor="ls")
    unit = -face.getbbox("0", anchor="ls")[1] / between(rng, 0.85, 1.15)  # px a digit's height
    return pictured(np.asarray(image)).moved((bottom - top) / unit, 0, top / unit)


def _handwritten(text: str, capture: Capture, rng: Generator) -> list[Mark]:
    joined = chance(rng, 0.5)
    hand = _Hand(
        size=between(rng, 0.9, 1.1),
        x_height=between(rng, 0.5, 0.75),
        shear=rng.normal(0.15, 0.18),
        stretch=ratio(rng, 0.8, 1.2),
        gap=between(rng, -0.04, 0.08) if joined else between(rng, 0.06, 0.2),
        joined=joined,
    )
    slope = rng.normal(0, 0.02)
    marks: list[Mark] = []
    x, before = 0.0, " "
    for character in normalize("NFC", text.replace("ß", "ss")):
        if character == " ":
            x, before = x + between(rng, 0.35, 0.6), character
            continue
        new = _letter(character, hand, capture, rng)
        edge = _upper(new[0])[:, 0]
        new = [mark.moved(1, x - float(edge.min()), slope * x) for mark in new]
        if hand.joined and before.islower() and character.islower() and chance(rng, 0.75):
            marks.append(_link(marks[-1], new[0], capture, rng))
        marks += reversed(new)  # the letter last, to which the next one is joined
        x += float(np.ptp(edge)) + capture.thickness + hand.gap * between(rng, 0.5, 1.5)
        before = character
    return _from_left(marks)


def _letter(character: str, hand: _Hand, capture: Capture, rng: Generator) -> list[Mark]:
    """Return a letter or a sign on the baseline, then its accents."""
    if character in SIGNS:
        return sign(character, capture, rng)
    decomposed = normalize("NFD", character)
    letter, accents = decomposed[0], decomposed[1:]
    forms = LETTERS[letter]
    points, ink = _formed(forms[rng.integers(len(forms))], capture, rng)
    strokes = [(points, ink)]
    for accent in accents:
        dots, inked = _formed(_ACCENTS[accent], capture, rng)
        middle = np.ptp(points[:, 0]) / 2 - np.ptp(dots[:, 0]) / 2
        raised = 0.34 if letter.isupper() and accent != "\u0327" else 0.0
        strokes.append((dots + np.array([middle, -raised]), inked))
    shear, angle = hand.shear + rng.normal(0, 0.04), rng.normal(0, 0.03)
    scale, shift = hand.size * np.exp(rng.normal(0, 0.04)), rng.normal(0, 0.015)
    marks = []
    for way, pen in strokes:
        if letter.islower():
            way = _with_x_height(way, hand.x_height)
        way = _sheared(way * (hand.stretch, 1), shear, angle) * scale + (0, shift)
        marks.append(Mark(way, capture.thickness, pen))
    return marks


def _formed(
    strokes: Strokes, capture: Capture, rng: Generator
) -> tuple[Points, NDArray[np.float64]]:
    """Return points of a template with random errors, baseline at y = 0, and ink between them."""
    controls, curves, pen = _traced(strokes)
    extent = (controls.amax(dim=0) - controls.amin(dim=0)).max()
    # one error a place, so that strokes that meet go on meeting
    _, places = np.unique(controls.numpy(), axis=0, return_inverse=True)
    errors = 0.03 * rng.standard_normal((len(controls), 2))[places.reshape(-1)]
    controls = controls / extent + torch.from_numpy(errors).float()
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    points = (curves @ controls)[None]
    bend = bent(points, generator) - points
    bend -= bend.mean(dim=1, keepdim=True)  # bending moves no sign off its place
    points = (points + 0.7 * bend)[0] * extent
    ink = skipped(pen.double().numpy(), capture.pen, rng)
    return points.double().numpy() - (0, 1), ink


def _with_x_height(points: Points, x_height: float) -> Points:
    """Return a lowercase letter with its middle zone stretched to a height."""
    x, y = points.T
    scale = x_height / _X_HEIGHT
    ascent = np.maximum(-y - _X_HEIGHT, 0)
    y = np.maximum(y, -_X_HEIGHT) * scale - ascent * (1 - x_height) / (1 - _X_HEIGHT)
    return np.stack([x * scale, y], axis=1)


def _sheared(points: Points, shear: float, angle: float) -> Points:
    """Return points slanted to the right, then rotated, about the origin."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.asarray(
        points @ np.array([[1, 0], [-shear, 1]]) @ np.array([[cos, sin], [-sin, cos]])
    )


def _upper(letter: Mark) -> Points:
    """Return the points above the baseline, or all where there are none."""
    above = letter.points[letter.points[:, 1] < 0.03]
    return above if len(above) else letter.points


def _link(left: Mark, right: Mark, capture: Capture, rng: Generator) -> Mark:
    """Return the stroke from the foot of a letter to the start of the next one."""
    feet = left.points[np.abs(left.points[:, 1] + 0.08) < 0.18]
    start = feet[feet[:, 0].argmax()] if len(feet) else left.points[-1]
    end = right.points[0]
    if end[0] > np.median(right.points[:, 0]):  # round letters start at the top right
        end = right.points[right.points[:, 0].argmin()]
    middle = start + (end - start) * (between(rng, 0.5, 0.7), between(rng, 0.15, 0.4))
    points = curve(3, 32).double().numpy() @ np.stack([start, middle, end])
    return Mark(points, capture.thickness, skipped(np.ones(31), capture.pen, rng))


def _from_left(marks: list[Mark]) -> list[Mark]:
    """Return marks with their left edge at x = 0."""
    left = min(mark.box[0] for mark in marks)
    return [mark.moved(1, -left, 0) for mark in marks]


@cache
def _traced(strokes: Strokes) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return traced(strokes)
