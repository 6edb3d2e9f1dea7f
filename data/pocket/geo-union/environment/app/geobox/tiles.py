"""Cuts a box into tiles."""

from geobox.box import Box


def split(box, rows, columns):
    """The box as rows x columns tiles, from the south-west corner, row by row."""
    high = (box.north - box.south) / rows
    wide = (box.east - box.west) / columns
    return [
        Box(
            box.south + row * high,
            box.west + column * wide,
            box.south + (row + 1) * high,
            box.west + (column + 1) * wide,
        )
        for row in range(rows)
        for column in range(columns)
    ]
