// The page "Try it": what is drawn, or a photo that is chosen or dropped, is read on the page.

import { greyOf, show } from "./loading.js";
import { Reader } from "./reader.js";

const SIZE = [560, 280]; // px of the drawing's canvas
const PEN = 14; // px

const page = document.getElementById("try");
const [canvas, boxes] = page.querySelectorAll("canvas");
const answer = page.querySelector(".try-answer");
const input = page.querySelector("input");
const reader = Reader.load(new URL("./", import.meta.url));
let last = null; // where the pen was
let queue = Promise.resolve(); // pictures are read one after the other

function clear() {
  [canvas.width, canvas.height] = SIZE;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.fillStyle = "white";
  pen.fillRect(0, 0, ...SIZE);
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
  const pen = canvas.getContext("2d");
  pen.lineWidth = PEN * Math.max(canvas.width / SIZE[0], 0.5);
  pen.lineCap = pen.lineJoin = "round";
  pen.beginPath();
  pen.moveTo(...last);
  pen.lineTo(next[0], next[1] + 0.01); // a line of no length would not be drawn
  pen.stroke();
  last = next;
}

function open(file) {
  if (!file) return;
  page.dataset.state = "reading";
  queue = queue
    .then(async () => show(file, canvas, (await reader).settings))
    .then(read, () => {
      answer.textContent = `${file.name} is no picture that this browser can open.`;
      page.dataset.state = "failed";
    });
}

/** Read what is on the canvas, and show it. */
function read() {
  page.dataset.state = "reading";
  queue = queue.then(async () => {
    const network = await reader;
    const started = performance.now();
    const { digits, text } = await network.read(greyOf(canvas));
    const milliseconds = Math.ceil(performance.now() - started);
    mark(digits);
    answer.textContent = text || "No digit yet: draw some, or open a photo.";
    page.querySelector(".try-time").textContent = text ? `read in ${milliseconds} ms` : "";
    Object.assign(page.dataset, { text, milliseconds, state: "ready" });
  });
}

function mark(digits) {
  [boxes.width, boxes.height] = [canvas.width, canvas.height];
  const context = boxes.getContext("2d");
  context.lineWidth = Math.max(1, canvas.width / 400);
  digits.forEach(({ box: [left, top, right, bottom], digit, confidence }) => {
    const size = Math.max(12, 0.35 * (bottom - top));
    context.strokeStyle = context.fillStyle = confidence < 0.9 ? "#d84315" : "#1565c0";
    context.font = `bold ${size}px sans-serif`;
    context.strokeRect(left, top, right - left, bottom - top);
    context.fillText(digit, left, Math.max(top - 0.2 * size, 0.8 * size));
  });
}

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  last = place(event);
  draw(event); // a dot
});
canvas.addEventListener("pointermove", draw);
for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, () => {
    if (last) read();
    last = null;
  });
}
page.querySelector(".try-clear").addEventListener("click", clear);
input.addEventListener("change", () => {
  open(input.files[0]);
  input.value = ""; // so that the same file can be opened again
});
page.addEventListener("dragover", (event) => event.preventDefault());
page.addEventListener("drop", (event) => {
  event.preventDefault();
  open(event.dataTransfer.files[0]);
});
reader.catch((error) => {
  answer.textContent = `The networks could not be loaded: ${error.message}`;
  page.dataset.state = "failed";
});
clear();
