// Boxes of digits to lines and numbers: digitnet/pictures/reading_order.py.

/** Group boxes [left, top, right, bottom] into lines of numbers, each a list of indices. */
export function readingOrder(boxes, settings) {
  if (!boxes.length) return [];
  const width = boxes.map(([left, , right]) => Math.max(right - left, 1));
  const height = boxes.map(([, top, , bottom]) => Math.max(bottom - top, 1));
  // centres; the page's middle is (0, 0)
  const x = centred(boxes.map(([left, , right]) => (left + right) / 2));
  const y = centred(boxes.map(([, top, , bottom]) => (top + bottom) / 2));
  const extent = Math.max(...[x, y].map((values) => 2 * Math.max(...values)), 1) / 2;
  const features = (u, v) => [1, v / extent, u / extent, (u * v) / extent ** 2];
  const skew = estimateSkew(x, y, height, features, extent, settings);
  const slope = x.map((u, i) => dot(features(u, y[i]), skew));
  const rows = linkRows(x, y, width, height, slope, settings);
  // order rows by where they cross the middle of the page
  const level = x.map((u, i) => y[i] - u * dot(features(u / 2, y[i]), skew));
  const mean = (row) => row.reduce((sum, i) => sum + level[i], 0) / row.length;
  rows.sort((a, b) => mean(a) - mean(b));
  return rows.map((row) => splitNumbers(row, x, width, height, settings));
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

function centred(values) {
  const middle = (Math.min(...values) + Math.max(...values)) / 2;
  return values.map((value) => value - middle);
}

function dot(a, b) {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

/** Estimate the slope of rows as coefficients (4) of the features. */
function estimateSkew(x, y, height, features, extent, settings) {
  // pairs of near boxes, the left one first
  let pairs = [];
  for (const i of x.keys()) {
    const near = [];
    for (const j of x.keys()) {
      const [run, rise, unit] = [x[j] - x[i], y[j] - y[i], Math.min(height[i], height[j])];
      if (run > unit / 4 && Math.abs(rise) < settings.max_slope * run + unit / 2) {
        near.push({ i, j, run, rise, distance: run + 2 * Math.abs(rise) });
      }
    }
    pairs.push(...near.sort((a, b) => a.distance - b.distance).slice(0, settings.neighbours));
  }
  if (!pairs.length) return [0, 0, 0, 0];
  pairs = pairs.map(({ i, j, run, rise }) => {
    // in half heights: a pair of one row has a residual below 1
    const unit = (height[i] + height[j]) / 2;
    const slopes = features((x[i] + x[j]) / 2, (y[i] + y[j]) / 2);
    return {
      features: slopes.map((value) => (2 * run * value) / unit),
      target: (2 * rise) / unit,
      weight: Math.min(1, unit / run), // near pairs are more surely of one row
      run,
      growth: Math.log(height[j] / height[i]),
    };
  });
  // where rows converge, digits become smaller in proportion
  const sum = (value) => pairs.reduce((total, pair) => total + value(pair), 0);
  const growth = sum((pair) => pair.run * pair.growth) / sum((pair) => pair.run ** 2);
  const every = 1 + Math.floor(pairs.length / 4096); // bounds the time
  const few = pairs.filter((_, number) => number % every === 0);
  const start = search(few, extent * growth, settings);
  // iteratively reweighted least squares with Tukey's biweight
  let skew = start;
  for (let step = 0; step < 6; step++) {
    const normal = start.map((_, i) => start.map((_, k) => Number(i === k))); // ridge: one pair
    const right = [0, 0, 0, 0];
    for (const pair of pairs) {
      const residual = pair.target - dot(pair.features, skew);
      const inlier = pair.weight * Math.max(1 - residual ** 2, 0) ** 2;
      const error = pair.target - dot(pair.features, start);
      pair.features.forEach((value, i) => {
        right[i] += inlier * value * error;
        pair.features.forEach((other, k) => (normal[i][k] += inlier * value * other));
      });
    }
    skew = solved(normal, right).map((value, i) => value + start[i]);
  }
  return skew;
}

/** Return the skew, without a bend, by which most pairs are level. */
function search(pairs, growth, { max_slope, skew_cost }) {
  const slopes = Array.from({ length: 61 }, (_, i) => -max_slope + (i * max_slope) / 30);
  const expected = Math.min(Math.max(growth, -max_slope), max_slope);
  let best = { votes: -Infinity };
  for (const convergence of slopes.filter((_, i) => i % 3 === 0)) {
    for (const slope of slopes) {
      let votes = 0;
      for (const { features, target, weight } of pairs) {
        const residual = target - convergence * features[1] - slope * features[0];
        votes += Math.max(1 - residual ** 2, 0) * weight;
      }
      votes *= 1 - skew_cost * (Math.abs(slope) + Math.abs(convergence - expected));
      if (votes > best.votes) best = { votes, skew: [slope, convergence, 0, 0] };
    }
  }
  return best.skew;
}

/** Solve a small system of linear equations by elimination; its matrix is positive definite. */
function solved(matrix, right) {
  const rows = matrix.map((row, i) => [...row, right[i]]);
  rows.forEach((pivot, i) => {
    rows.forEach((row, k) => {
      if (k === i) return;
      const factor = row[i] / pivot[i];
      rows[k] = row.map((value, column) => value - factor * rows[i][column]);
    });
  });
  return rows.map((row, i) => row[row.length - 1] / row[i]);
}

/** Link boxes into rows, each from left to right. */
function linkRows(x, y, width, height, slope, { min_overlap }) {
  const links = [];
  for (const i of x.keys()) {
    for (const j of x.keys()) {
      const run = x[j] - x[i];
      if (run <= 0) continue;
      const tall = (height[i] + height[j]) / 2;
      const drop = Math.abs(y[j] - y[i] - (run * (slope[i] + slope[j])) / 2); // from row to row
      // vertical intersection over union, which jitter and different sizes lower
      const overlap = Math.min(tall - drop, height[i], height[j]);
      if (overlap < min_overlap * (2 * tall - overlap)) continue;
      const gap = Math.max(run - (width[i] + width[j]) / 2, 0) / tall;
      links.push({ i, j, cost: gap + ((2 * drop) / tall) ** 2 });
    }
  }
  // links, cheapest first; each box has one neighbour on either side
  const [right, left] = [new Map(), new Map()];
  for (const { i, j } of links.sort((a, b) => a.cost - b.cost)) {
    if (right.has(i) || left.has(j)) continue;
    right.set(i, j);
    left.set(j, i);
  }
  // chains of links
  const rows = [...x.keys()].filter((i) => !left.has(i)).map((i) => [i]);
  for (const row of rows) while (right.has(row.at(-1))) row.push(right.get(row.at(-1)));
  return rows;
}

/** Split a row where gaps are wide; comb boxes and grids hold one number. */
function splitNumbers(row, x, width, height, { number_gap, pitch_error }) {
  const pairs = row.slice(1).map((j, k) => [row[k], j]);
  const pitch = pairs.map(([i, j]) => x[j] - x[i]);
  const gap = pairs.map(([i, j], k) => pitch[k] - (width[i] + width[j]) / 2);
  const unit = number_gap * median(row.map((i) => height[i]));
  let wide = [...gap.keys()].filter((k) => gap[k] > unit);
  if (wide.length && row.length > 2) {
    // a comb: its gaps are wider than in a number and, but for missing digits, of one pitch
    const usual = median(pitch);
    const errors = pitch.map((one) => Math.abs(one / usual - Math.max(Math.round(one / usual), 1)));
    const error = errors.reduce((a, b) => a + b, 0) / errors.length;
    if (median(gap) > unit / 2 && usual < 3 * unit && error < pitch_error) wide = [];
  }
  const cuts = [0, ...wide.map((k) => k + 1), row.length];
  return cuts.slice(1).map((end, k) => row.slice(cuts[k], end));
}
