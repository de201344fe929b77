"""Generated pictures of handwritten digits, photographed, scanned or drawn, with the truth.

```python
from digitnet.datasets import paper

pictures = paper.digits(100, seed=0)
pictures[0].picture, pictures[0].text, pictures[0].boxes, pictures[0].traits
```
"""

from digitnet.datasets.paper.documents import entries, tables, texts
from digitnet.datasets.paper.files import MANNERS, save
from digitnet.datasets.paper.handwriting import Handwriting
from digitnet.datasets.paper.patterns import ENTRIES
from digitnet.datasets.paper.record import PaperPicture, Traits
from digitnet.datasets.paper.style import FORMS, INKS, PAPERS, PENS, SHEETS, Style
from digitnet.datasets.paper.subjects import blanks, digits, letters, numbers, scribbles

__all__ = [
    "ENTRIES",
    "FORMS",
    "INKS",
    "MANNERS",
    "PAPERS",
    "PENS",
    "SHEETS",
    "Handwriting",
    "PaperPicture",
    "Style",
    "Traits",
    "blanks",
    "digits",
    "entries",
    "letters",
    "numbers",
    "save",
    "scribbles",
    "tables",
    "texts",
]
