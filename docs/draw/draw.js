// The drawing page: what is drawn is brought to MNIST's form and read after each movement.

import * as ort from "./ort.wasm.min.mjs";
import { SIZE, toMnistForm } from "./mnist_form.js";

const PEN = 18; // pixels of the canvas

const page = document.getElementById("draw");
const canvas = page.querySelector(".draw-canvas");
const seen = page.querySelector(".draw-seen");
const answer = page.querySelector(".draw-answer");
const bars = [...page.querySelectorAll(".draw-bar")];
const pen = canvas.getContext("2d", { willReadFrequently: true });

const session = load();
let last = null; // where the pen was
let reading = false;
let changed = false; // since the last reading began

async function load() {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = new URL("./", import.meta.url).href;
  return ort.InferenceSession.create(new URL("digits.onnx", import.meta.url).href);
}

function clear() {
  pen.fillStyle = "white";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  read();
}

function place(event) {
  const box = canvas.getBoundingClientRect();
  const scale = canvas.width / box.width;
  return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
}

function draw(event) {
  if (!last) return;
  const next = place(event);
  pen.lineWidth = PEN;
  pen.lineCap = pen.lineJoin = "round";
  pen.strokeStyle = "black";
  pen.beginPath();
  pen.moveTo(...last);
  pen.lineTo(next[0], next[1] + 0.01); // a line of no length would not be drawn
  pen.stroke();
  last = next;
  read();
}

/** Read what is there; what is drawn meanwhile is read after that. */
async function read() {
  changed = true;
  if (reading) return;
  reading = true;
  while (changed) {
    changed = false;
    await readOnce();
  }
  reading = false;
  page.dataset.state = "ready";
}

async function readOnce() {
  page.dataset.state = "reading";
  const network = await session;
  const started = performance.now();
  const { width, height } = canvas;
  const colours = pen.getImageData(0, 0, width, height).data;
  const data = new Float32Array(width * height).map((_, at) => 1 - colours[4 * at] / 255);
  const pixels = toMnistForm({ width, height, data });
  const images = new ort.Tensor("uint8", pixels, [1, 1, SIZE, SIZE]);
  const { probabilities } = await network.run({ images });
  show(pixels, [...probabilities.data], performance.now() - started);
}

function show(pixels, probabilities, milliseconds) {
  const image = new ImageData(SIZE, SIZE);
  pixels.forEach((grey, at) => image.data.set([grey, grey, grey, 255], 4 * at));
  seen.getContext("2d").putImageData(image, 0, 0);
  const empty = !pixels.some((grey) => grey);
  const best = probabilities.indexOf(Math.max(...probabilities));
  bars.forEach((bar, digit) => {
    const share = empty ? 0 : probabilities[digit];
    bar.style.setProperty("--share", share);
    bar.classList.toggle("draw-best", !empty && digit === best);
    bar.title = `${digit}: ${percent(share)}`;
  });
  answer.textContent = empty
    ? "Draw a digit."
    : `${best}, with ${percent(probabilities[best])}, in ${Math.ceil(milliseconds)} ms`;
  page.dataset.digit = empty ? "" : best;
  page.dataset.milliseconds = milliseconds;
}

function percent(share) {
  return `${(100 * share).toFixed(1)}%`;
}

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  last = place(event);
  draw(event); // a dot
});
canvas.addEventListener("pointermove", draw);
for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, () => (last = null));
}
page.querySelector(".draw-clear").addEventListener("click", clear);

session.catch((error) => {
  answer.textContent = `The network could not be loaded: ${error.message}`;
  page.dataset.state = "failed";
});
clear();
