"""Train a digit classifier, look at it, save it, and use it: the lines of the README."""

from digitnet import DigitClassifier, datasets
from digitnet.errors import DatasetUnavailableError

try:
    train, test = datasets.mnist()
except DatasetUnavailableError:
    train, test = datasets.synthetic()  # drawn by a program

clf = DigitClassifier(seed=0)
clf.summary()
clf.fit(train, epochs=1, validation_split=0.1)
result = clf.evaluate(test)
print(f"{result.accuracy:.2%} of {test.name} read right")
print("most confused:", result.most_confused(1))
print(clf.predict(test.images[:5]), "are", test.labels[:5].numpy())
clf.save("digits.safetensors")
