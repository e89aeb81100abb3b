"""Bars as text and SVG, curves as SVG."""

from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, ROW = 640, 320, 200, 22
COLOURS = ("#1f6fb2", "#c8553d", "#4a8f3c", "#7a5195")


def bars(rows, width=44):
    most = max(value for _, value in rows)
    whole = sum(value for _, value in rows)
    return "\n".join(
        f"  {name:<26} {value:>10,} {100 * value / whole:>5.1f} %  {'#' * round(width * value / most)}" for name, value in rows
    )


def text(x, y, words, anchor="start", size=12):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-family="sans-serif" font-size="{size}" text-anchor="{anchor}">{escape(words)}</text>'


def save(path, width, height, parts):
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"><rect width="100%" height="100%" fill="white"/>'
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join([head, *parts, "</svg>\n"]))


def bars_svg(rows, title, path):
    most = max(value for _, value in rows)
    parts = [text(10, 20, title, size=14)]
    for number, (name, value) in enumerate(rows):
        y = 36 + number * ROW
        long = max(value, 0) / most * (WIDTH - LEFT - 90)
        parts.append(text(LEFT - 8, y + 13, name, "end"))
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{long:.1f}" height="{ROW - 6}" fill="{COLOURS[0]}"/>')
        parts.append(text(LEFT + long + 6, y + 13, f"{value:,}"))
    save(path, WIDTH, 46 + len(rows) * ROW, parts)


def curves_svg(curves, title, below, path):
    """`curves`: name → [(x, y)], both from 0."""
    most_x = max(x for points in curves.values() for x, _ in points)
    most_y = max(y for points in curves.values() for _, y in points)
    place = lambda x, y: (60 + x / most_x * (WIDTH - 90), HEIGHT - 50 - y / most_y * (HEIGHT - 100))
    parts = [text(10, 20, title, size=14), text(WIDTH / 2, HEIGHT - 10, below, "middle")]
    parts.append(f'<path d="M60,40 V{HEIGHT - 50} H{WIDTH - 30}" fill="none" stroke="black"/>')
    parts += [text(54, place(0, most_y * part)[1] + 4, f"{most_y * part:.2f}", "end", 10) for part in (0, 0.5, 1)]
    parts += [text(place(x, 0)[0], HEIGHT - 34, str(x), "middle", 10) for x, _ in next(iter(curves.values()))]
    for number, (name, points) in enumerate(curves.items()):
        line = " ".join("%.1f,%.1f" % place(x, y) for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{COLOURS[number]}" stroke-width="2"/>')
        parts.append(f'<rect x="70" y="{38 + 18 * number}" width="10" height="10" fill="{COLOURS[number]}"/>')
        parts.append(text(86, 48 + 18 * number, name))
    save(path, WIDTH, HEIGHT, parts)
