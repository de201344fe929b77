"""From the light on a page to its picture: illumination, lens, sensor and file."""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageFilter

from digitnet.datasets.paper.capture import Capture
from digitnet.datasets.paper.geometry import Bytes, Floats, ImageShape
from digitnet.datasets.paper.sampling import chance, noise, smooth_noise, smoothstep, uniform


def illumination(capture: Capture, shape: ImageShape, rng: Generator) -> Floats:
    """Return the light on each pixel, about 1 where it is bright, (H, W)."""
    y = np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, shape[1], dtype=np.float32)
    lit = np.ones(shape, dtype=np.float32)
    shadow_rng = rng.spawn(1)[0]
    if capture.unevenness:
        towards, share = uniform(rng, 0, 2 * math.pi), uniform(rng, 0.3, 1)
        slope = x * math.cos(towards) + y * math.sin(towards)
        slope = (slope - slope.min()) / (slope.max() - slope.min())
        vignette = (x * x + y * y) / 2
        lit -= capture.unevenness * (share * slope + (1 - share) * vignette)
        lit += 0.05 * capture.unevenness * smooth_noise(shape, rng, 3)
    if capture.shadow:
        lit *= 1 - capture.shadow * _shadow(x, y, shadow_rng)
    return np.clip(lit, 0.02, 1.1)


def _shadow(x: Floats, y: Floats, rng: Generator) -> Floats:
    """Return 1 in the shadow of a phone or a hand, 0 outside, with a penumbra between."""
    angle = uniform(rng, 0, 2 * math.pi)
    penumbra = uniform(rng, 0.01, 0.25)
    u = x * math.cos(angle) + y * math.sin(angle)
    v = y * math.cos(angle) - x * math.sin(angle)
    shadow = smoothstep(u - uniform(rng, -0.6, 0.5), penumbra)
    if chance(rng, 0.5):  # a second edge: a phone, an arm
        edge, width = uniform(rng, -0.3, 0.8), penumbra * uniform(rng, 1, 2)
        shadow = shadow * smoothstep(edge - v, width)
    if chance(rng, 0.3):  # its edge is not straight: a hand
        bent = 0.12 * np.sin(v * uniform(rng, 3, 8) + uniform(rng, 0, 6))
        shadow = np.minimum(shadow, smoothstep(u + bent - uniform(rng, -0.5, 0.4), penumbra))
    return np.asarray(shadow, dtype=np.float32)


def photograph(capture: Capture, scene: Floats, unit: float, rng: Generator) -> Image.Image:
    """Return the picture that lens, sensor and file make of a scene in [0, 1], (H, W, 3).

    The blur is in proportion to `unit`, the height of a digit in pixels.
    """
    # white balance and exposure
    if capture.camera == "photo":
        warmth = float(np.clip(rng.normal(0, 0.05), -0.1, 0.12))
        cast = np.array([1 + warmth, 1 + uniform(rng, -0.02, 0.02), 1 - warmth])
        scene = scene * (cast * uniform(rng, 0.72, 1.08)).astype(np.float32)
    # motion blur, then blur of the lens
    blur = capture.blur * unit
    if blur > 0.4 and chance(rng, 0.3):
        scene, blur = _motion_blur(scene, 2.5 * blur, rng), 0.5
    picture = Image.fromarray(_to_bytes(scene))
    if blur > 1.5:
        picture = picture.filter(ImageFilter.GaussianBlur(blur))
    elif blur > 0.25:  # a box takes a third of the time and looks the same
        picture = picture.filter(ImageFilter.BoxBlur(1.73 * blur - 0.3))
    # noise and compression
    if capture.noise:
        picture = Image.fromarray(_to_bytes(_with_noise(picture, capture.noise, rng)))
    if capture.quality is None:
        return picture
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=capture.quality)
    return Image.open(buffer).convert("RGB")


def _to_bytes(scene: Floats) -> Bytes:
    levels = scene * 255
    levels += 0.5
    return np.clip(levels, 0, 255, out=levels).astype(np.uint8)


def _motion_blur(scene: Floats, length: float, rng: Generator) -> Floats:
    """Return the mean of a scene shifted along a line of `length` px."""
    steps = int(np.clip(round(length), 2, 9))
    angle = uniform(rng, 0, math.pi)
    height, width = scene.shape[:2]
    ways = [length * (step / (steps - 1) - 0.5) for step in range(steps)]
    shifts = [(round(way * math.sin(angle)), round(way * math.cos(angle))) for way in ways]
    pad = max(max(abs(down), abs(along)) for down, along in shifts)
    padded = np.pad(scene, ((pad, pad), (pad, pad), (0, 0)), mode="edge")
    total = np.zeros_like(scene)
    for down, along in shifts:
        total += padded[pad + down : pad + down + height, pad + along : pad + along + width]
    return total / len(shifts)


def _with_noise(picture: Image.Image, amount: float, rng: Generator) -> Floats:
    """Return pixels with the noise of a sensor, most of it grey, some of it red and blue."""
    pixels = np.asarray(picture, dtype=np.float32) / 255
    shape = (picture.height, picture.width)
    size = uniform(rng, 1, 1.8) if chance(rng, 0.4) else 1.0
    pixels += (noise(shape, rng, size) * amount)[..., None]
    for channel in (0, 2):
        pixels[..., channel] += noise(shape, rng) * (0.5 * amount)
    return pixels
