"""Vector tiles read slowly, field by field, and cells clipped by exact geometry."""

import math
import struct

import h3.api.basic_int as h3
import shapely


def fields(data):
    """(number, value) of a protobuf message; value: an int, or bytes."""
    at, out = 0, []

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        head = varint()
        number, wire = head >> 3, head & 7
        if wire == 0:
            out.append((number, varint()))
        elif wire == 1:
            out.append((number, bytes(data[at : at + 8])))
            at += 8
        elif wire == 2:
            size = varint()
            out.append((number, bytes(data[at : at + size])))
            at += size
        else:
            raise AssertionError(f"wire type {wire}")
    assert at == len(data)
    return out


def packed(data):
    out = []
    value = shift = 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            out.append(value)
            value = shift = 0
    assert shift == 0
    return out


def value_of(data):
    ((number, value),) = fields(data)
    if number == 1:
        return value.decode()
    if number == 3:
        return struct.unpack("<d", value)[0]
    if number == 5:
        return value
    assert number == 6
    return (value >> 1) ^ -(value & 1)


def rings_of(commands):
    at, x, y, rings = 0, 0, 0, []
    while at < len(commands):
        command, count = commands[at] & 7, commands[at] >> 3
        at += 1
        if command == 7:
            assert count == 1
            continue
        if command == 1:
            rings.append([])
        for _ in range(count):
            x += (commands[at] >> 1) ^ -(commands[at] & 1)
            y += (commands[at + 1] >> 1) ^ -(commands[at + 1] & 1)
            rings[-1].append((x, y))
            at += 2
    return rings


def decode(tile):
    """[{"name", "version", "extent", "features": [(properties, rings)]}]"""
    layers = []
    for number, data in fields(tile):
        assert number == 3
        parts = fields(data)
        keys = [v.decode() for n, v in parts if n == 3]
        values = [value_of(v) for n, v in parts if n == 4]
        features = []
        for n, feature in parts:
            if n == 2:
                inside = dict(fields(feature))
                assert inside[3] == 3
                tags = packed(inside[2])
                properties = {keys[k]: values[v] for k, v in zip(tags[::2], tags[1::2], strict=True)}
                features.append((properties, rings_of(packed(inside[4]))))
        one = dict(parts)
        layers.append({"name": one[1].decode(), "version": one[15], "extent": one[5], "features": features})
    return layers


def position(lat, lng, z, x, y, extent):
    """A point in the units of a tile, y downwards."""
    size = 2.0**z
    return (
        ((lng + 180) / 360 * size - x) * extent,
        ((1 - math.log(math.tan(math.pi / 4 + math.radians(lat) / 2)) / math.pi) / 2 * size - y) * extent,
    )


def clipped(cell, z, x, y, extent, buffer):
    """The cell's part within a tile and its buffer, as a shapely geometry in tile units; wherever it lies."""
    corners = h3.cell_to_boundary(cell)
    if max(g for _, g in corners) - min(g for _, g in corners) > 180:
        corners = [(a, g + 360 if g < 0 else g) for a, g in corners]
    parts = []
    for turn in (-360, 0, 360):
        ring = shapely.Polygon([position(a, g + turn, z, x, y, extent) for a, g in corners])
        parts.append(ring.intersection(shapely.box(-buffer, -buffer, extent + buffer, extent + buffer)))
    return shapely.union_all(parts)
