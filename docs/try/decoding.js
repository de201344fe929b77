// From the network's maps to digits, one mask a digit: digitnet/pictures/decoding.py.

import { image } from "./normalization.js";
import { toPicture } from "./scales.js";

/** Return the digits of a view: box in the picture, height in the view, score, logits, mask. */
export function decode(maps, view, settings) {
  const { width, height, channels: [digit] } = maps.digit;
  const centres = centresOf(maps.centre, settings);
  // each pixel of a digit's ink goes to the centre nearest to where its offset points
  const owners = new Int32Array(width * height);
  const own = centres.map(() => []);
  const nearest = nearestOf(centres, maps.centre);
  for (let at = 0; at < digit.length; at++) {
    if (digit[at] <= settings.ink) continue;
    const [x, y] = [at % width, Math.floor(at / width)];
    const cell = (y >> 1) * maps.offset.width + (x >> 1);
    const [across, down] = maps.offset.channels;
    const vote = [x + 0.5 + across[cell], y + 0.5 + down[cell]];
    const owner = nearest(vote);
    if (owner < 0) continue;
    const away = Math.hypot(2 * centres[owner].x + 1 - vote[0], 2 * centres[owner].y + 1 - vote[1]);
    const size = maps.height.channels[0][(y >> 2) * maps.height.width + (x >> 2)];
    if (away < settings.reach * size) own[owner].push(at);
  }
  own.forEach((pixels, number) => {
    if (pixels.length < settings.least_area) own[number] = [];
    else pixels.forEach((at) => (owners[at] = number + 1));
  });
  // digits: means over each mask
  return own.flatMap((pixels, number) => {
    if (!pixels.length) return [];
    const mean = (value) => pixels.reduce((sum, at) => sum + value(at), 0) / pixels.length;
    const coarse = (at) => (Math.floor(at / width) >> 2) * maps.label.width + ((at % width) >> 2);
    const logits = maps.label.channels.slice(0, 10).map((label) => mean((at) => label[coarse(at)]));
    const features = [logit(centres[number].heat), logit(mean((at) => digit[at]))];
    const [a, b, bias] = settings.score;
    const columns = pixels.map((at) => at % width);
    const rows = pixels.map((at) => Math.floor(at / width));
    const least = (values) => values.reduce((p, q) => Math.min(p, q));
    const most = (values) => values.reduce((p, q) => Math.max(p, q)) + 1;
    const edges = [least(columns), least(rows), most(columns), most(rows)];
    const [across, down] = [edges[2] - edges[0], edges[3] - edges[1]];
    return {
      box: toPicture(view, edges),
      height: Math.max(down, 0.7 * across, 1),
      score: 1 / (1 + Math.exp(-(a * features[0] + b * features[1] + bias))),
      logits,
      mask: maskOf(maps.digit, owners, number + 1, edges),
    };
  });
}

/** Return the local maxima of the heat map, the strongest first. */
function centresOf({ width, height, channels: [heat] }, { centre, peak_cells, most_digits }) {
  const reach = peak_cells >> 1;
  const maxima = [];
  for (let at = 0; at < heat.length; at++) {
    if (heat[at] <= centre) continue;
    const [x, y] = [at % width, Math.floor(at / width)];
    let highest = true;
    for (let v = Math.max(y - reach, 0); highest && v <= Math.min(y + reach, height - 1); v++) {
      for (let u = Math.max(x - reach, 0); u <= Math.min(x + reach, width - 1); u++) {
        if (heat[v * width + u] > heat[at]) highest = false;
      }
    }
    if (highest) maxima.push({ x, y, heat: heat[at] });
  }
  return maxima.sort((a, b) => b.heat - a.heat).slice(0, most_digits);
}

/** Return a function from a place, px, to the nearest centre's number, -1 without any. */
function nearestOf(centres, { width, height }) {
  const known = new Int32Array(width * height).fill(-2); // few cells are asked for, often
  return ([x, y]) => {
    const u = Math.min(Math.max(Math.trunc(x / 2), 0), width - 1);
    const v = Math.min(Math.max(Math.trunc(y / 2), 0), height - 1);
    if (known[v * width + u] === -2) {
      const squares = centres.map((one) => (one.x - u) ** 2 + (one.y - v) ** 2);
      known[v * width + u] = squares.indexOf(squares.reduce((a, b) => Math.min(a, b), Infinity));
    }
    return known[v * width + u];
  };
}

/** Return a digit's ink with its soft edges, one pixel around, that are no other digit's. */
function maskOf({ width, height, channels: [digit] }, owners, number, [left, top, right, bottom]) {
  const [x0, y0, x1, y1] = [Math.max(left - 1, 0), Math.max(top - 1, 0), right + 1, bottom + 1];
  const mask = image(Math.min(x1, width) - x0, Math.min(y1, height) - y0);
  const isMine = (x, y) => x >= x0 && y >= y0 && x < width && y < height && owners[y * width + x] === number;
  for (let y = y0; y < y0 + mask.height; y++) {
    for (let x = x0; x < x0 + mask.width; x++) {
      const owner = owners[y * width + x];
      const beside = isMine(x - 1, y) || isMine(x + 1, y) || isMine(x, y - 1) || isMine(x, y + 1);
      if (owner === number || (owner === 0 && beside)) {
        mask.data[(y - y0) * mask.width + x - x0] = digit[y * width + x];
      }
    }
  }
  return mask;
}

function logit(probability) {
  const p = Math.min(Math.max(probability, 1e-4), 1 - 1e-4);
  return Math.log(p / (1 - p));
}
