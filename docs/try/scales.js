// At which scales, and in which crops, the reader network sees a picture: digitnet/pictures/scales.py.

import { cut, resize, round } from "./normalization.js";

export function overviewScales({ width, height }, settings) {
  const unit = settings.unit_height;
  let scale = Math.min(1, Math.sqrt(settings.overview_area / (width * height)));
  scale = Math.max(scale, (2 * unit) / Math.max(width, height));
  scale = Math.min(scale, mostScale({ width, height }, settings));
  const scales = [scale];
  while (height * scale > 1.5 * unit) scales.push((scale /= 2));
  return scales;
}

function mostScale({ width, height }, { max_area, least_side }) {
  return Math.min(Math.sqrt(max_area / (width * height)), max_area / least_side / Math.max(width, height));
}

/** Return the scale and the region of a closer view, or null. */
export function closer({ width, channels: [smaller] }, view, { width: columns, height: rows }, settings) {
  const scale = 2 * Math.max(...view.scale);
  const finest = Math.min(settings.most_enlarged, mostScale({ width: columns, height: rows }, settings));
  const cells = [...smaller.keys()].filter((cell) => smaller[cell] > settings.smaller);
  if (!cells.length || scale > 1.5 * finest) return null;
  let box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const cell of cells) {
    const [x, y] = [cell % width, Math.floor(cell / width)];
    box = [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x + 1), Math.max(box[3], y + 1)];
  }
  const margin = settings.unit_height / 2;
  box = toPicture(view, box.map((edge, i) => 8 * edge + (i < 2 ? -margin : margin)));
  const region = [
    Math.max(box[0], 0), Math.max(box[1], 0), Math.min(box[2], columns), Math.min(box[3], rows),
  ];
  return [Math.min(scale, finest), region];
}

export function toPicture({ left, top, scale }, box) {
  return box.map((edge, i) => edge / scale[i % 2] + (i % 2 ? top : left));
}

export function seen(grey, scale, region = [0, 0, grey.width, grey.height]) {
  const [left, top] = [Math.floor(region[0]), Math.floor(region[1])];
  const crop = cut(grey, [left, top, Math.ceil(region[2]), Math.ceil(region[3])]);
  const width = Math.max(1, round(crop.width * scale));
  const height = Math.max(1, round(crop.height * scale));
  const exact = [width / crop.width, height / crop.height];
  return { grey: resize(crop, width, height), left, top, scale: exact };
}

/** Return the digits that count, of all in all views, each once: non-maximum suppression. */
export function bestViews(digits, settings) {
  const sizes = digits.map(({ box: [left, top, right, bottom] }) => Math.max(right - left, bottom - top));
  const octaves = digits.map((one) => Math.abs(Math.log2(one.height / settings.unit_height)));
  const ranks = digits.map((one, i) => one.score - settings.octave_cost * octaves[i]);
  const order = [...digits.keys()].sort((a, b) => ranks[b] - ranks[a]);
  const middle = ({ box: [left, top, right, bottom] }) => [(left + right) / 2, (top + bottom) / 2];
  const kept = [];
  for (const i of order) {
    const { height } = digits[i];
    if (height < settings.least_height || height > settings.most_height) continue;
    const [x, y] = middle(digits[i]);
    const isSame = (k) => {
      const [u, v] = middle(digits[k]);
      return Math.hypot(x - u, y - v) < settings.same * Math.min(sizes[i], sizes[k]);
    };
    if (!kept.some(isSame)) kept.push(i);
  }
  const whole = kept.filter((i) => digits[i].score >= settings.digit);
  const isPart = (i) => (k) =>
    sizes[k] * settings.part > sizes[i] && shared(digits[k].box, digits[i].box) > settings.part;
  return kept.filter((i) => !whole.some(isPart(i))).slice(0, settings.most_digits);
}

/** Return the share of a box that lies in another. */
function shared(other, [left, top, right, bottom]) {
  const across = Math.min(other[2], right) - Math.max(other[0], left);
  const down = Math.min(other[3], bottom) - Math.max(other[1], top);
  return (Math.max(across, 0) * Math.max(down, 0)) / ((right - left) * (bottom - top));
}
