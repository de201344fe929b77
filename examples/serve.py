"""Answer uploads of pictures with the digits in them.

Start it with: gunicorn --preload --workers 2 --bind 127.0.0.1:8000 serve:app
"""

from flask import Flask, jsonify, request

from digitnet import DigitClassifier
from digitnet.errors import InvalidInputError

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 10 * 2**20  # bytes of an upload; more are refused with 413
classifier = DigitClassifier.pretrained()


@app.post("/read")
def read():
    """Read all digits of the file in the form's field `picture`."""
    upload = request.files.get("picture")
    if upload is None:
        return jsonify(error="Expected a file in the field 'picture'; received none."), 400
    try:
        reading = classifier.read(upload.stream)
    except InvalidInputError as error:
        return jsonify(error=str(error)), 400
    return jsonify(
        numbers=[number.text for number in reading.numbers],
        boxes=[[*map(round, number.box)] for number in reading.numbers],
        warnings=list(reading.warnings),
    )
