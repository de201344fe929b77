// What is wrong with a page as it is shown: sideways scrolling, faint text, images without a text.
() => {
  document.head.append(Object.assign(document.createElement("style"),
    { textContent: "* { transition: none !important; animation: none !important }" }));
  const paper = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const pen = paper.getContext("2d", { willReadFrequently: true });
  const colours = new Map();

  // Any CSS colour as red, green, blue and opacity, 0 to 255
  const rgba = (colour) => {
    if (!colours.has(colour)) {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 1, 1);
      colours.set(colour, [...pen.getImageData(0, 0, 1, 1).data]);
    }
    return colours.get(colour);
  };
  const over = (upper, lower) =>
    [0, 1, 2].map((i) => (upper[i] * upper[3] + lower[i] * (255 - upper[3])) / 255).concat(255);
  const ground = (element) => {
    if (element === null) return [255, 255, 255, 255];
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 255 ? own : over(own, ground(element.parentElement));
  };

  // Contrast of two colours, 1 to 21 (WCAG 2.1, "contrast ratio" and "relative luminance")
  const luminance = (colour) => {
    const [r, g, b] = colour.map((c) =>
      c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (...pair) => {
    const [dark, light] = pair.map(luminance).sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };

  // Text that is fainter than WCAG 2.1 asks for (1.4.3: 4.5, and 3 for large text)
  const faint = (scheme) => {
    document.body.dataset.mdColorScheme = scheme;
    const found = [];
    for (const element of document.body.querySelectorAll("*")) {
      const text = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE)
        .map((node) => node.textContent.trim()).join(" ").trim();
      const shown = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
      if (!text || !shown || element.closest("svg, script, style, noscript")) continue;
      const style = getComputedStyle(element);
      const size = parseFloat(style.fontSize); // px
      const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
      const below = ground(element);
      const ratio = contrast(over(rgba(style.color), below), below);
      if (ratio < (large ? 3 : 4.5))
        found.push(`${scheme}: ${ratio.toFixed(2)} ${element.tagName}.${element.className}: ${text.slice(0, 30)}`);
    }
    return found;
  };

  const { scrollWidth, clientWidth } = document.documentElement;
  return {
    sideways: scrollWidth - clientWidth, // px
    faint: ["default", "slate"].flatMap(faint),
    without_text: [...document.images].filter((image) => !image.alt.trim()).map((image) => image.src),
    links: [...document.querySelectorAll("a[href]")].map((link) => link.href),
    anchors: [...document.querySelectorAll("[id], a[name]")].map((one) => one.id || one.name),
  };
}
