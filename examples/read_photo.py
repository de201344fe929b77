"""Read the digits of a picture, and draw a box around each.

    python examples/read_photo.py photo.jpg

Without a file, it reads three entries that a program wrote.
"""

import sys

from digitnet import DigitClassifier
from digitnet.datasets import paper

if len(sys.argv) > 1:
    picture = sys.argv[1]
else:
    page = paper.entries(1, seed=3, lines=3, kinds=("date", "amount", "time"))[0]
    picture = page.picture

reading = DigitClassifier.pretrained().read(picture)
print(reading.text)
print("\n".join(reading.warnings) or "no warnings")
reading.plot().savefig("read.png")
