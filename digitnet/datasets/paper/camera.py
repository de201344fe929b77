"""What lies between a page and its picture: the view, the light, the lens, the sensor."""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageFilter

from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.fields import Floats, ImageShape, between, chance, grain, ramp, waves
from digitnet.datasets.paper.marks import Matrix


def turned(capture: Capture, reach: float, rng: Generator) -> Matrix:
    """Return the turn and tilt of a page around its origin.

    Args:
        capture: Its rotation and tilt.
        reach: How far from the origin the page is still in view, in the page's unit.
        rng: Draws the direction of the tilt.
    """
    angle, towards = math.radians(capture.rotation), between(rng, 0, 2 * math.pi)
    cos, sin = math.cos(angle), math.sin(angle)
    lean = capture.tilt / reach
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, 1, 0], [lean * math.cos(towards), lean * math.sin(towards), 1]])
    return np.asarray(tilt @ turn)


def light(capture: Capture, shape: ImageShape, rng: Generator) -> Floats:
    """Return the light on each pixel, about 1 where it is bright, (H, W)."""
    y = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, shape[1], dtype=np.float32)
    lit = np.ones(shape, dtype=np.float32)
    of_shadow = rng.spawn(1)[0]
    if capture.unevenness:
        towards, share = between(rng, 0, 2 * math.pi), between(rng, 0.3, 1)
        slope = x * math.cos(towards) + y * math.sin(towards)
        slope = (slope - slope.min()) / (slope.max() - slope.min())
        vignette = (x * x + y * y) / 2
        lit -= capture.unevenness * (share * slope + (1 - share) * vignette)
        lit += 0.05 * capture.unevenness * waves(shape, rng, 3)
    if capture.shadow:
        lit *= 1 - capture.shadow * _shadow(x, y, of_shadow)
    return np.clip(lit, 0.02, 1.1)


def _shadow(x: Floats, y: Floats, rng: Generator) -> Floats:
    """Return 1 in the shadow of a phone or a hand, 0 outside, with a penumbra between."""
    angle = between(rng, 0, 2 * math.pi)
    soft = between(rng, 0.01, 0.25)
    u = x * math.cos(angle) + y * math.sin(angle)
    v = y * math.cos(angle) - x * math.sin(angle)
    edge = ramp(u - between(rng, -0.6, 0.5), soft)
    if chance(rng, 0.5):  # a second edge: a phone, an arm
        edge = edge * ramp(between(rng, -0.3, 0.8) - v, soft * between(rng, 1, 2))
    if chance(rng, 0.3):  # its edge is not straight: a hand
        bent = 0.12 * np.sin(v * between(rng, 3, 8) + between(rng, 0, 6))
        edge = np.minimum(edge, ramp(u + bent - between(rng, -0.5, 0.4), soft))
    return np.asarray(edge, dtype=np.float32)


def taken(capture: Capture, scene: Floats, unit: float, rng: Generator) -> Image.Image:
    """Return the picture that lens, sensor and file make of a scene.

    Args:
        capture: Its blur, noise and quality.
        scene: Colours in [0, 1], (H, W, 3).
        unit: Pixels of a digit's height.
        rng: Draws the rest.
    """
    if capture.camera == "photo":
        warmth = float(np.clip(rng.normal(0, 0.05), -0.1, 0.12))
        cast = np.array([1 + warmth, 1 + between(rng, -0.02, 0.02), 1 - warmth])
        scene = scene * (cast * between(rng, 0.72, 1.08)).astype(np.float32)
    blur = capture.blur * unit
    if blur > 0.4 and chance(rng, 0.3):
        scene, blur = _moved(scene, 2.5 * blur, rng), 0.5
    picture = Image.fromarray(_bytes(scene))
    if blur > 1.5:
        picture = picture.filter(ImageFilter.GaussianBlur(blur))
    elif blur > 0.25:  # a third of the time, and no difference that is seen
        picture = picture.filter(ImageFilter.BoxBlur(1.73 * blur - 0.3))
    if capture.noise:
        picture = Image.fromarray(_bytes(_noisy(picture, capture.noise, rng)))
    return picture if capture.quality is None else _compressed(picture, capture.quality)


def _bytes(scene: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    bright = scene * 255
    bright += 0.5
    return np.clip(bright, 0, 255, out=bright).astype(np.uint8)


def _moved(scene: Floats, length: float, rng: Generator) -> Floats:
    """Blur along a short way of the camera."""
    steps = int(np.clip(round(length), 2, 9))
    angle = between(rng, 0, math.pi)
    height, width = scene.shape[:2]
    ways = [length * (step / (steps - 1) - 0.5) for step in range(steps)]
    shifts = [(round(way * math.sin(angle)), round(way * math.cos(angle))) for way in ways]
    pad = max(max(abs(down), abs(along)) for down, along in shifts)
    padded = np.pad(scene, ((pad, pad), (pad, pad), (0, 0)), mode="edge")
    total = np.zeros_like(scene)
    for down, along in shifts:
        total += padded[pad + down : pad + down + height, pad + along : pad + along + width]
    return total / len(shifts)


def _noisy(picture: Image.Image, amount: float, rng: Generator) -> Floats:
    """Add the noise of a sensor, most of it grey, and in dark parts a little less."""
    pixels = np.asarray(picture, dtype=np.float32) / 255
    shape = (picture.height, picture.width)
    size = between(rng, 1, 1.8) if chance(rng, 0.4) else 1.0
    pixels += (grain(shape, rng, size) * amount)[..., None]
    for channel in (0, 2):
        pixels[..., channel] += grain(shape, rng) * (0.5 * amount)
    return pixels


def _compressed(picture: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")
