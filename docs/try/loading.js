// A photo or a drawing becomes grey, as digitnet/pictures/loading.py makes it.

import { image } from "./normalization.js";

const MIN_CHANNEL_CONTRAST = 2; // from which a colour replaces the luminance

/** Draw a picture file on a canvas: upright, of at most so many pixels, on an opaque ground. */
export async function show(file, canvas, { max_area }) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const factor = Math.min(1, Math.sqrt(max_area / (bitmap.width * bitmap.height)));
  canvas.width = Math.max(1, Math.floor(bitmap.width * factor));
  canvas.height = Math.max(1, Math.floor(bitmap.height * factor));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  // on white, or on black where the ink is light
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let [least, light, opaque] = [255, 0, 0];
  for (let at = 0; at < data.length; at += 4) {
    const alpha = data[at + 3];
    if (alpha < least) least = alpha;
    light += luminance(data, at) * alpha;
    opaque += alpha;
  }
  if (least === 255) return;
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = least < 128 && light > 127.5 * opaque ? "black" : "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.globalCompositeOperation = "source-over";
}

/** Return a canvas as grey in 0..1: luminance, or a colour that has far more contrast. */
export function greyOf(canvas) {
  const { width, height } = canvas;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const { data } = context.getImageData(0, 0, width, height);
  const count = width * height;
  const grey = image(width, height);
  for (let at = 0; at < count; at++) grey.data[at] = luminance(data, 4 * at) / 255;
  // luminance, or a colour
  const colours = [0, 1, 2].map((colour) => deviation(data, colour, 4));
  const best = colours.indexOf(Math.max(...colours));
  if (colours[best] <= MIN_CHANNEL_CONTRAST * 255 * deviation(grey.data, 0, 1)) return grey;
  for (let at = 0; at < count; at++) grey.data[at] = data[4 * at + best] / 255;
  return grey;
}

/** ITU-R 601-2, rounded as Pillow does. */
function luminance(bytes, at) {
  return (19595 * bytes[at] + 38470 * bytes[at + 1] + 7471 * bytes[at + 2] + 0x8000) >> 16;
}

/** Return the standard deviation of the numbers at first, first + step, ... */
function deviation(numbers, first, step) {
  let [sum, squares] = [0, 0];
  for (let at = first; at < numbers.length; at += step) {
    sum += numbers[at];
    squares += numbers[at] ** 2;
  }
  const count = numbers.length / step;
  return Math.sqrt(Math.max(squares / count - (sum / count) ** 2, 0));
}
