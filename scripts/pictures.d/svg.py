"""Turns a screen that `tmux capture-pane -e -p` wrote on the standard input into a picture (SVG) on the standard output.

Usage: svg.py COLUMNS ROWS TITLE
"""

import re
import sys
import unicodedata
from dataclasses import dataclass, replace
from html import escape

CELL, LINE, MARGIN = 8.4, 18, 12
FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
INK, PAPER = "#d8dee9", "#11151c"
BASE = [
    "#1c212b", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d8dee9",
    "#5c6370", "#ff7b86", "#b5e890", "#ffd68a", "#82c4ff", "#dd95f0", "#6fd3df", "#ffffff",
]
LEVELS = [0, 95, 135, 175, 215, 255]


@dataclass(frozen=True)
class Style:
    ink: str = INK
    paper: str = ""
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underlined: bool = False
    reversed: bool = False


FLAGS = {
    1: {"bold": True}, 2: {"dim": True}, 3: {"italic": True}, 4: {"underlined": True}, 7: {"reversed": True},
    22: {"bold": False, "dim": False}, 23: {"italic": False}, 24: {"underlined": False}, 27: {"reversed": False},
    39: {"ink": INK}, 49: {"paper": ""},
}


def hexadecimal(red, green, blue):
    return f"#{red:02x}{green:02x}{blue:02x}"


def indexed(number):
    if number < 16:
        return BASE[number]
    if number < 232:
        number -= 16
        return hexadecimal(LEVELS[number // 36], LEVELS[number // 6 % 6], LEVELS[number % 6])
    return hexadecimal(*[8 + 10 * (number - 232)] * 3)


def extended(codes):
    """The colour that follows 38 or 48."""
    if codes.pop(0) == 5:
        return indexed(codes.pop(0))
    return hexadecimal(codes.pop(0), codes.pop(0), codes.pop(0))


def styled(style, codes):
    while codes:
        code = codes.pop(0)
        if code == 0:
            style = Style()
        elif code in FLAGS:
            style = replace(style, **FLAGS[code])
        elif code == 38:
            style = replace(style, ink=extended(codes))
        elif code == 48:
            style = replace(style, paper=extended(codes))
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style = replace(style, ink=BASE[code - 30 if code < 90 else code - 82])
        elif 40 <= code <= 47 or 100 <= code <= 107:
            style = replace(style, paper=BASE[code - 40 if code < 100 else code - 92])
    return style


def width(text):
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def runs(line, style):
    """The texts of a line with their columns and styles, and the style it ends with."""
    found, column = [], 0
    for text, codes in re.findall(r"([^\x1b]+)|\x1b\[([0-9;:]*)m", line):
        if text:
            found.append((column, text, style))
            column += width(text)
        else:
            style = styled(style, [int(code or 0) for code in re.split("[;:]", codes)])
    return found, style


def draw(column, row, text, style):
    """One run as SVG: its background, and its text unless that is blank."""
    x, top, wide = MARGIN + column * CELL, MARGIN + row * LINE, width(text) * CELL
    ink, paper = style.ink, style.paper
    if style.reversed:
        ink, paper = paper or PAPER, ink
    if paper:
        yield f'<rect x="{x:.1f}" y="{top}" width="{wide:.1f}" height="{LINE}" fill="{paper}"/>'
    if text.strip():
        look = f'fill="{ink}"' + ' font-weight="bold"' * style.bold + ' opacity="0.6"' * style.dim
        look += ' font-style="italic"' * style.italic + ' text-decoration="underline"' * style.underlined
        place = f'x="{x:.1f}" y="{top + 13}" textLength="{wide:.1f}" lengthAdjust="spacingAndGlyphs"'
        yield f"<text {place} {look}>{escape(text)}</text>"


def main():
    columns, rows, title = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    wide, high = 2 * MARGIN + columns * CELL, 2 * MARGIN + rows * LINE
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high}" role="img">')
    print(f"<title>{escape(title)}</title>")
    print(f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>')
    print(f'<g font-family="{FONT}" font-size="14" xml:space="preserve">')
    style = Style()
    for row, line in enumerate(sys.stdin.read().split("\n")[:rows]):
        found, style = runs(line, style)
        for column, text, of in found:
            for part in draw(column, row, text, of):
                print(part)
    print("</g>\n</svg>")


main()
