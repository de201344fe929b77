"""All numbers of the reader that are set by hand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Thresholds of the reader, in the order in which a picture meets them.

    Those without a source were chosen on generated pictures and on writers 1 to 10 of the Swiss
    digits (`training/choose_settings.py`); few move a row by more than a picture or two.
    """

    # scales
    overview_area: int = 256**2  # px of the first view: a digit of a fiftieth of it still shows
    most_enlarged: float = 2.0  # of a closer view: a digit of 8 px is readable there
    least_side: int = 128  # px of the network's input: smaller views are padded, as in training
    smaller: float = 0.2  # probability that there are digits too small here: look closer

    # decoding
    ink: float = 0.5  # probability from which a pixel is a digit's ink
    centre: float = 0.2  # probability from which a local maximum is a digit's centre
    peak_cells: int = 5  # cells of 2 px: the strongest of as many is a local maximum
    reach: float = 0.75  # digit heights: farther from a centre no ink votes for it
    least_height: float = 15.0  # px of a digit in a view: smaller ones are read in a finer view
    most_height: float = 58.0  # px, likewise; larger ones are read in a coarser view
    octave_cost: float = 0.3  # of the score, an octave away from the best height
    same: float = 0.3  # digit heights: two centres as near are one digit
    part: float = 0.75  # of a digit's size, and of the box within it: what is a part of it
    most_digits: int = 1000  # of a picture: bounds the time

    # fusion, and what is said of the result
    own_weight: float = 0.5  # of the reader's own classes beside the classifier's
    digit: float = 0.25  # probability from which `read` takes an instance for a digit: faint ones
    unsure: float = 0.9  # confidence below which a second digit is named
    faint: float = 0.1  # of the range of grey: ink with less contrast may be a fold or a stain
    small: float = 8.0  # px of the source: a digit needs as many to be legible

    # reading order
    max_slope: float = 0.5  # dy / dx of the steepest row: 10 degrees, 0.3 of tilt, a rising hand
    neighbours: int = 24  # of a digit: its own number, and columns up to 12 heights away
    skew_cost: float = 0.3  # share of the votes, a unit of slope: of equals the most level wins
    min_overlap: float = 0.2  # vertical IoU in a row: between jitter and a row 1.25 heights away
    number_gap: float = 1.25  # digit heights; the groups of a phone number are up to 1 apart
    pitch_error: float = 0.25  # mean, of the pitch of comb boxes: shaky digits, and perspective


SETTINGS = Settings()
