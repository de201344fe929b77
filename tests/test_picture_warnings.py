"""What may be wrong with a digit or a reading is told."""

from __future__ import annotations

import pytest
from found_digits import PAGE, found_digit

from digitnet.pictures import Box


@pytest.mark.parametrize(
    ("mark", "told"),
    [
        ((76, 40, 88, 100), True),  # a slash
        ((78, 84, 84, 92), True),  # a dot on the line
        ((78, 88, 84, 97), True),  # a comma
        ((78, 10, 84, 30), False),  # above the line
        ((78, 130, 84, 150), False),  # below it
        ((10, 40, 16, 90), False),  # before the number
        ((130, 40, 140, 90), False),  # behind it
    ],
)
def test_a_mark_between_digits_of_a_number_is_told_of(fitted, finding, mark, told):
    finding(found_digit(1, 20), found_digit(2, 50), found_digit(5, 90), other=[mark])
    reading = fitted.read(PAGE)
    assert reading.text == "125"
    assert reading.ignored == (Box(*mark),)
    expected = ("a mark between digits was left out: 125 or 12?5",) if told else ()
    assert reading.warnings == expected


def test_several_marks_in_one_gap_are_told_of_once(fitted, finding):
    finding(found_digit(7, 20), found_digit(3, 60), other=[(48, 60, 52, 64), (48, 80, 52, 84)])
    assert fitted.read(PAGE).warnings == ("a mark between digits was left out: 73 or 7?3",)


def test_a_mark_between_two_numbers_is_no_doubt(fitted, finding):
    finding(found_digit(7, 20), found_digit(3, 200), other=[(100, 60, 110, 70)])
    assert fitted.read(PAGE).warnings == ()


def test_without_digits_it_is_told_whether_there_are_other_marks(fitted, finding):
    finding()
    assert fitted.read(PAGE).warnings == ("nothing written found",)
    finding(other=[(1, 2, 3, 4), (5, 6, 7, 8)])
    reading = fitted.read(PAGE)
    assert reading.warnings == ("no digit found: 2 other marks were left out",)
    assert (reading.text, reading.lines, reading.digits, reading.numbers) == ("", (), (), ())
    assert len(reading.ignored) == 2


def test_faint_and_unsure_readings_are_told_of(fitted, finding):
    finding(*(found_digit(n, 20 + 30 * n, contrast=0.05) for n in range(3)))
    assert fitted.read(PAGE).warnings == ("too faint",)
    finding(*(found_digit(n, 20 + 30 * n, sure=0.5 if n else 0.99) for n in range(3)))
    (warning,) = fitted.read(PAGE).warnings
    assert warning == "2 of 3 digits are unsure: is it text, or a drawing?"


@pytest.mark.parametrize(
    ("digit", "warning"),
    [
        ({"left": 0}, "touches the edge"),
        ({"left": 376}, "touches the edge"),
        ({"left": 100, "top": 0}, "touches the edge"),
        ({"left": 100, "top": 160}, "touches the edge"),
        ({"left": 100, "contrast": 0.09}, "too faint"),
        ({"left": 100, "score": 0.2}, "this may be no digit"),
        ({"left": 100, "sure": 0.6}, "unsure: 3 or 9"),
    ],
)
def test_what_may_be_wrong_with_a_digit_is_told(fitted, finding, digit, warning):
    finding(found_digit(3, **digit))
    assert fitted.inspect(PAGE).warnings == (warning,)


def test_a_digit_of_fewer_than_8_pixels_is_told_of(fitted, finding):
    small = found_digit(3, 100)
    finding(small._replace(box=Box(100, 100, 104, 107)))
    assert fitted.inspect(PAGE).warnings == ("too small: fewer than 8 pixels",)


def test_another_digit_is_told_of_where_it_is_nearly_as_high_and_likely_one(fitted, finding):
    middle = found_digit(3, 190, 80)
    for beside, told in (
        (found_digit(4, 100, 80, height=31), True),
        (found_digit(4, 100, 80, height=29), False),
        (found_digit(4, 100, 80, score=0.2), False),
    ):
        finding(middle, beside)
        found = fitted.inspect(PAGE)
        assert found.digit == 3
        assert found.warnings == (("several digits: use read()",) if told else ())
