// A picture's digits, as digitnet/pictures finds them: views at several scales, the reader network's
// maps, digits with their masks, each digit once, classes. Names and order are those of the Python.
// An image is {width, height, data}: grey or ink in 0..1, row by row.

import * as ort from "./ort.wasm.min.mjs";
import { decode } from "./decoding.js";
import { SIZE, cut, image, normalize } from "./normalization.js";
import { median, readingOrder } from "./reading_order.js";
import { bestViews, closer, overviewScales, seen } from "./scales.js";

const STRIDES = { digit: 1, centre: 2, offset: 2, height: 4, label: 4, smaller: 8 };

export class Reader {
  /** Load networks and settings from a folder. */
  static async load(folder) {
    ort.env.wasm.wasmPaths = folder.href;
    const open = (name) => ort.InferenceSession.create(new URL(name, folder).href);
    const settings = await (await fetch(new URL("reader.json", folder))).json();
    return Object.assign(new Reader(), {
      network: await open("reader.onnx"),
      digits: await open("digits.onnx"),
      settings,
    });
  }

  /** Return the digits that are read, and their text: a line a row, spaces between numbers. */
  async read(grey) {
    const found = await this.findDigits(grey);
    const lines = readingOrder(found.map((one) => one.box), this.settings);
    const text = (number) => number.map((index) => found[index].digit).join("");
    return { digits: found, text: lines.map((line) => line.map(text).join(" ")).join("\n") };
  }

  async findDigits(grey) {
    // overviews, then closer views where there are digits too small to read
    const views = [];
    let waiting = overviewScales(grey, this.settings).map((scale) => seen(grey, scale));
    for (let finest = waiting[0]; waiting.length; finest = waiting[0]) {
      for (const view of waiting) views.push({ view, maps: await this.mapsOf(view) });
      const at = views.find((one) => one.view === finest);
      const wanted = closer(at.maps.smaller, finest, grey, this.settings);
      waiting = wanted ? [seen(grey, ...wanted)] : [];
    }
    const all = views.flatMap(({ view, maps }) => decode(maps, view, this.settings));
    const chosen = bestViews(all, this.settings).map((index) => all[index]);
    return this.classified(chosen.filter((one) => one.score >= this.settings.digit));
  }

  /** Return what the network says of a view, cut to the view's size. */
  async mapsOf({ grey }) {
    const { padded, left, top } = pad(grey, this.settings);
    const input = new ort.Tensor("float32", padded.data, [1, 1, padded.height, padded.width]);
    const output = await this.network.run({ grey: input }, Object.keys(STRIDES));
    const region = [left, top, left + grey.width, top + grey.height];
    const mapOf = ([name, stride]) => {
      const { dims: [, channels, height, width], data } = output[name];
      const place = region.map((edge) => Math.ceil(edge / stride));
      const planes = Array.from({ length: channels }, (_, channel) => {
        const plane = data.subarray(channel * height * width, (channel + 1) * height * width);
        return cut({ width, data: plane }, place);
      });
      return [name, { ...planes[0], channels: planes.map((plane) => plane.data) }];
    };
    return Object.fromEntries(Object.entries(STRIDES).map(mapOf));
  }

  /** Add to each digit its class: the geometric mean of the digit network's and the reader's own. */
  async classified(digits) {
    if (!digits.length) return [];
    const pixels = new Uint8Array(digits.length * SIZE * SIZE);
    digits.forEach((one, number) => pixels.set(normalize(one.mask), number * SIZE * SIZE));
    const images = new ort.Tensor("uint8", pixels, [digits.length, 1, SIZE, SIZE]);
    const { probabilities } = await this.digits.run({ images });
    return digits.map((one, number) => {
      const classified = [...probabilities.data.subarray(10 * number, 10 * number + 10)];
      const own = softmax(one.logits);
      const share = this.settings.own_weight;
      const log = (p) => Math.log(Math.max(p, 1e-6));
      const fused = softmax(own.map((p, d) => (1 - share) * log(classified[d]) + share * log(p)));
      const likely = fused.map((p) => one.score * p + (1 - one.score) / 10);
      const confidence = Math.max(...likely);
      return { ...one, digit: likely.indexOf(confidence), confidence };
    });
  }
}

function pad(grey, { least_side, stride }) {
  const sides = [grey.width, grey.height].map((size) => {
    const whole = Math.ceil(Math.max(size, least_side) / stride) * stride;
    return { whole, before: Math.floor((whole - size) / 2 / 8) * 8 };
  });
  const [{ whole: width, before: left }, { whole: height, before: top }] = sides;
  const padded = image(width, height);
  padded.data.fill(median(borderOf(grey)));
  for (let y = 0; y < grey.height; y++) {
    const row = grey.data.subarray(y * grey.width, (y + 1) * grey.width);
    padded.data.set(row, (top + y) * width + left);
  }
  return { padded, left, top };
}

function borderOf({ width, height, data }) {
  const rows = [...data.subarray(0, width), ...data.subarray((height - 1) * width)];
  const sides = Array.from({ length: height }, (_, y) => [data[y * width], data[(y + 1) * width - 1]]);
  return [...rows, ...sides.flat()];
}

function softmax(logits) {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
