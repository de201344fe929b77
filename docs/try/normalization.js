// A digit's mask in MNIST's format, as digitnet/pictures/normalization.py makes it: 28x28 pixels, the
// digit in a box of 20x20, strokes about as wide as MNIST's, the centre of mass in the middle. An
// image is {width, height, data}, data a Float32Array of grey or ink in 0..1, row by row.

export const SIZE = 28;
const BOX = 20;
const FINE = 4; // times as large as the result are digits while their strokes change
const PADDING = 6; // px at that size; thin strokes grow by up to 4.5
const THIN = 0.1; // stroke widths of MNIST's digits, as shares of the longer side: most lie between
const THICK = 0.19;

/** Return a digit as a Uint8Array of 28x28, light on dark; all 0 where there is no ink. */
export function normalize(mask) {
  const form = new Uint8Array(SIZE * SIZE);
  const fine = cropped(scaled(mask, BOX * FINE));
  if (!fine) return form;
  const padded = framed(fine, PADDING, 2 * PADDING, PADDING, 2 * PADDING);
  const digit = cropped(strokeLikeMnist(padded));
  return digit ? centred(scaled(atLeastAStrokeWide(digit), BOX), form) : form;
}

/** Return a digit, with margins beside it where it is narrower than strokes of MNIST. */
function atLeastAStrokeWide(digit) {
  const least = THIN * Math.max(digit.width, digit.height);
  const [across, down] = [digit.width, digit.height].map((side) =>
    Math.max(0, Math.ceil(least - side)),
  );
  return framed(digit, across >> 1, across, down >> 1, down);
}

/** Return an image with margins: at its left and in all, at its top and in all. */
function framed({ width, height, data }, left, across, top, down) {
  const result = image(width + across, height + down);
  for (let y = 0; y < height; y++) {
    result.data.set(data.subarray(y * width, (y + 1) * width), (y + top) * result.width + left);
  }
  return result;
}

/** Return the part that has ink, or null where none has. */
function cropped({ width, height, data }) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] <= 0.5) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  }
  return right < 0 ? null : cut({ width, data }, [left, top, right + 1, bottom + 1]);
}

/** Return a region [left, top, right, bottom] of an image; rows of full width are not copied. */
export function cut({ width, data }, [left, top, right, bottom]) {
  const part = { width: right - left, height: bottom - top };
  if (part.width === width) return { ...part, data: data.subarray(top * width, bottom * width) };
  part.data = new Float32Array(part.width * part.height);
  for (let y = top; y < bottom; y++) {
    part.data.set(data.subarray(y * width + left, y * width + right), (y - top) * part.width);
  }
  return part;
}

/** Make the longer side so many pixels. */
function scaled(mask, longest) {
  const scale = longest / Math.max(mask.width, mask.height);
  const [width, height] = [mask.width, mask.height].map((side) => Math.max(1, round(side * scale)));
  return resize(mask, width, height);
}

/** Resize an image: area averaging to a smaller one, bicubic to a larger one (Keys, 1981). */
export function resize(grey, width, height) {
  if (width === grey.width && height === grey.height) return grey;
  return transposed(alongRows(transposed(alongRows(grey, width)), height));
}

/** Resample along rows as Pillow does: with the pixels whose centres lie within reach. */
function alongRows({ width, height, data }, wanted) {
  const result = image(wanted, height);
  const taps = Array.from({ length: wanted }, (_, x) => tapsOf(x, width, width / wanted));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < wanted; x++) {
      const { first, weights } = taps[x];
      let value = 0;
      for (let i = 0; i < weights.length; i++) value += weights[i] * data[y * width + first + i];
      result.data[y * wanted + x] = Math.min(1, Math.max(0, value));
    }
  }
  return result;
}

/** Return the first pixel that counts for one of the result, and the weights from there on. */
function tapsOf(x, width, step) {
  const shrinks = step > 1;
  const reach = shrinks ? step / 2 : 2;
  const centre = (x + 0.5) * step;
  const first = Math.max(0, Math.trunc(centre - reach + 0.5));
  const last = Math.min(width, Math.trunc(centre + reach + 0.5));
  const weights = [];
  for (let from = first; from < last; from++) {
    const distance = from + 0.5 - centre;
    weights.push(shrinks ? Number(-reach < distance && distance <= reach) : keys(distance));
  }
  const sum = weights.reduce((a, b) => a + b, 0);
  return { first, weights: weights.map((weight) => weight / sum) };
}

/** Cubic convolution (Keys, 1981). */
function keys(distance) {
  const d = Math.abs(distance);
  if (d < 1) return 1.5 * d ** 3 - 2.5 * d ** 2 + 1;
  return d < 2 ? -0.5 * d ** 3 + 2.5 * d ** 2 - 4 * d + 2 : 0;
}

/** Make strokes thicker or thinner, where they are unlike MNIST's. */
function strokeLikeMnist(fine) {
  const size = BOX * FINE;
  const inside = distances(fine, (ink) => ink > 0.5);
  const own = inside.filter((distance) => distance > 0);
  const width = own.length ? (4 * own.reduce((a, b) => a + b, 0)) / own.length - 1 : 0;
  let level;
  if (width > 0 && width < THIN * size) {
    const outside = distances(fine, (ink) => ink <= 0.5);
    level = (at) => (THIN * size - width) / 2 - outside[at] + 1;
  } else if (width > THICK * size) {
    // at most a third, so that a blot or a filled loop keeps its form
    const margin = Math.min((width - THICK * size) / 2, width / 3);
    level = (at) => inside[at] - margin;
  } else {
    return fine;
  }
  const data = fine.data.map((_, at) => Math.min(1, Math.max(0, level(at))));
  return { ...fine, data };
}

/** Return how far each pixel of a kind is from the next of another (Felzenszwalb, 2012). */
function distances({ width, height, data }, isOfKind) {
  const far = (width + height) ** 2;
  const squares = image(width, height);
  for (let at = 0; at < data.length; at++) squares.data[at] = isOfKind(data[at]) ? far : 0;
  for (let y = 0; y < height; y++) {
    envelope(squares.data.subarray(y * width, (y + 1) * width));
  }
  const columns = transposed(squares);
  for (let x = 0; x < width; x++) {
    envelope(columns.data.subarray(x * height, (x + 1) * height));
  }
  return transposed(columns).data.map(Math.sqrt);
}

/** Replace each number by the least of (distance squared + number) over all places. */
function envelope(numbers) {
  const values = new Float64Array(numbers);
  const lowest = []; // places of the parabolas that are lowest somewhere
  const from = []; // where each begins to be
  values.forEach((value, place) => {
    let start = -Infinity;
    while (lowest.length) {
      const other = lowest[lowest.length - 1];
      start = (value + place ** 2 - values[other] - other ** 2) / (2 * (place - other));
      if (start > from[from.length - 1]) break;
      lowest.pop();
      from.pop();
      start = -Infinity;
    }
    lowest.push(place);
    from.push(start);
  });
  let current = 0;
  for (let place = 0; place < values.length; place++) {
    while (current + 1 < from.length && from[current + 1] <= place) current++;
    numbers[place] = (place - lowest[current]) ** 2 + values[lowest[current]];
  }
}

/** Put the centre of mass onto row 14 and column 14, as far as the digit stays inside. */
function centred(digit, form) {
  const left = start(digit);
  const top = start(transposed(digit));
  digit.data.forEach((ink, at) => {
    const [x, y] = [at % digit.width, Math.floor(at / digit.width)];
    form[(top + y) * SIZE + left + x] = round(255 * ink);
  });
  return form;
}

/** Return the column at which a digit begins. */
function start({ width, data }) {
  let [mass, moment] = [0, 0];
  data.forEach((ink, at) => {
    mass += ink;
    moment += ink * (at % width);
  });
  return Math.min(Math.max(round(SIZE / 2 - moment / mass), 0), SIZE - width);
}

/** Round halves to the even neighbour, as Python does. */
export function round(number) {
  const whole = Math.round(number);
  return Math.abs(number % 1) === 0.5 && whole % 2 ? whole - 1 : whole;
}

function transposed({ width, height, data }) {
  const result = image(height, width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) result.data[x * height + y] = data[y * width + x];
  }
  return result;
}

export function image(width, height) {
  return { width, height, data: new Float32Array(width * height) };
}
