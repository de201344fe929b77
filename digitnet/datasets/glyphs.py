"""How people write the ten digits: the strokes of several forms of each.

The forms were drawn up for digitnet from the common ways to write each digit.
"""

from __future__ import annotations

from typing import NamedTuple


class Form(NamedTuple):
    """A way to write a digit.

    Attributes:
        share: How common it is among the digit's forms.
        strokes: What the pen draws before it is lifted, each as the points "x,y x,y ..."
            that it passes through in a smooth line: x to the right and y down, in percent
            of the digit's height. At a sharp turn, one stroke ends and another begins.
    """

    share: float
    strokes: tuple[str, ...]


GLYPHS: dict[int, tuple[Form, ...]] = {
    0: (
        # round
        Form(0.6, ("40,0 16,10 2,36 4,70 22,96 48,96 66,72 70,38 58,8 40,0",)),
        # closed with an overlap
        Form(0.4, ("56,10 36,2 12,22 2,56 14,90 40,98 62,76 66,40 50,10 30,10",)),
    ),
    1: (
        # plain
        Form(0.5, ("0,0 0,50 0,100",)),
        # hooked
        Form(0.16, ("-20,20 -8,12 2,0", "2,0 0,100")),
        # with a long hook
        Form(0.1, ("-34,38 -16,22 2,0", "2,0 0,100")),
        # with a base
        Form(0.1, ("0,0 0,96", "-25,97 25,96")),
        # hooked, with a base
        Form(0.14, ("-20,20 -8,12 2,0", "2,0 0,96", "-25,97 25,96")),
    ),
    2: (
        # straight base
        Form(0.35, ("4,20 20,2 45,4 54,26 40,56 20,80 0,97", "0,97 30,96 62,95")),
        # looped base
        Form(0.4, ("6,18 22,2 46,6 50,32 36,62 16,88 2,92 2,78 18,76 36,90 56,96 72,88",)),
        # wavy base
        Form(0.25, ("2,16 20,0 42,8 46,34 30,64 6,92", "6,92 22,86 40,94 66,90")),
    ),
    3: (
        # two round arcs
        Form(0.6, ("4,12 24,0 48,10 46,32 20,46", "20,46 48,54 56,76 38,96 14,98 0,86")),
        # a small loop in the middle
        Form(0.25, ("6,10 28,0 46,14 36,38 18,48 22,42 44,50 54,74 36,96 4,96",)),
        # flat top
        Form(0.15, ("4,2 30,2 54,0", "54,0 40,20 22,42", "22,42 48,50 56,74 36,96 4,94")),
    ),
    4: (
        # open, angular
        Form(0.3, ("10,0 6,26 0,50", "0,50 30,50 62,46", "52,4 50,50 46,100")),
        # open, curved
        Form(0.25, ("6,4 2,28 6,48 26,52 48,38 56,2", "56,2 50,50 46,100")),
        # open, with a short stem
        Form(0.2, ("34,0 16,28 0,60", "0,60 30,61 64,57", "48,34 43,66 38,100")),
        # closed
        Form(0.25, ("46,0 22,30 0,60", "0,60 30,60 66,58", "46,0 46,50 44,100")),
    ),
    5: (
        # with a bar
        Form(0.6, ("12,4 36,3 64,0", "14,4 11,24 8,44", "8,44 30,38 55,52 57,75 36,96 8,96")),
        # in one smooth line
        Form(0.4, ("62,0 36,4 20,14 16,36 34,46 50,60 46,84 24,98 0,90",)),
    ),
    6: (
        # curved stem
        Form(0.6, ("46,0 22,18 6,46 2,74 14,96 38,96 52,78 44,58 24,58 8,76",)),
        # straight stem, small loop
        Form(0.4, ("30,0 14,30 4,62 8,90 28,98 44,84 40,66 22,66 8,84",)),
    ),
    7: (
        # plain
        Form(0.5, ("0,6 28,5 56,2", "56,2 42,40 26,100")),
        # crossed
        Form(0.22, ("0,6 28,5 56,2", "56,2 40,44 24,100", "12,50 34,48 58,46")),
        # hooked at the start, round at the corner
        Form(0.28, ("2,20 0,10 4,4", "4,4 30,5 52,4 54,16 42,46 32,72 26,100")),
    ),
    8: (
        # in one line, from the top right
        Form(0.35, ("50,10 28,0 8,14 14,34 36,52 50,74 36,96 12,94 6,74 24,52 44,34 52,12",)),
        # two circles
        Form(
            0.25,
            ("30,46 8,32 10,8 30,0 50,8 50,34 30,46", "30,46 6,62 4,86 28,100 52,88 54,62 30,46"),
        ),
        # slender, with small loops
        Form(0.25, ("40,10 22,0 4,12 12,34 26,52 36,76 20,98 0,92 2,74 18,50 36,30 42,8",)),
        # open at the top
        Form(0.15, ("58,2 30,2 10,16 16,36 36,52 46,74 32,96 10,92 10,72 30,48 54,22 64,8",)),
    ),
    9: (
        # straight stem
        Form(0.25, ("55,12 35,0 10,10 4,30 20,46 42,38 55,14", "55,14 52,50 46,100")),
        # a small loop beside the stem
        Form(0.2, ("44,10 26,2 6,14 8,32 26,34 42,20", "48,2 42,40 34,100")),
        # curved stem
        Form(0.2, ("55,12 35,0 10,10 4,30 20,46 42,38 55,14", "55,14 54,50 46,84 26,98 6,90")),
        # open, with a curved stem
        Form(0.15, ("54,10 30,0 8,12 10,36 34,42 52,24", "54,10 56,48 46,84 22,98 0,88")),
        # in one line
        Form(0.2, ("50,8 26,2 6,20 12,42 34,40 50,16 52,12 46,46 36,74 24,100",)),
    ),
}
