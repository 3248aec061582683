#!/usr/bin/env python3
"""Write coap/nfc_table.h, the tables of coap/nfc.c, from Python's Unicode data.

usage: coap/nfc_table.py > coap/nfc_table.h
"""
import unicodedata

ALL = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


def canonical(c):
    """The canonical decomposition of c, by one step: one or two code points, or none."""
    text = unicodedata.decomposition(c)
    return [] if text.startswith('<') else [int(part, 16) for part in text.split()]


def classes():
    """Where the combining class changes: code point << 8 | class."""
    last = 0
    for c in ALL:
        here = unicodedata.combining(c)
        if here != last:
            yield ord(c) << 8 | here
        last = here


def decompositions():
    """By code point: code point << 42 | first << 21 | second, which may be 0."""
    for c in ALL:
        to = canonical(c)
        if to:
            assert len(to) <= 2 and not any(canonical(chr(d)) for d in to[1:])
            yield ord(c) << 42 | to[0] << 21 | (to[1] if len(to) == 2 else 0)


def compositions(pairs):
    """Places in pairs of what may be composed, by first and second."""
    for _, i in sorted((p & (1 << 42) - 1, i) for i, p in enumerate(pairs)):
        c = chr(pairs[i] >> 42)
        if pairs[i] & (1 << 21) - 1 and unicodedata.normalize('NFC', c) == c:
            yield i


def table(kind, name, words, digits, columns):
    words = list(words)
    print(f'\nstatic const {kind} {name}[{len(words)}] = {{')
    for i in range(0, len(words), columns):
        print('\t' + ', '.join(f'0x{w:0{digits}x}' for w in words[i:i + columns]) + ',')
    print('};')


pairs = list(decompositions())
print(f'/* Made by coap/nfc_table.py from Unicode {unicodedata.unidata_version}: do not edit.  See nfc.c. */')
print('#pragma once\n\n#include <stdint.h>\n\n/* clang-format off */')
table('uint32_t', 'classes', classes(), 7, 10)
table('uint64_t', 'decompositions', pairs, 16, 6)
table('uint16_t', 'compositions', compositions(pairs), 4, 14)
