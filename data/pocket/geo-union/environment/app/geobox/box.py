"""A rectangle between two latitudes and two longitudes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """All points from south to north and from west to east, edges included; in degrees."""

    south: float
    west: float
    north: float
    east: float

    def __post_init__(self):
        if self.south > self.north or self.west > self.east:
            raise ValueError(f"empty box: {self}")

    @classmethod
    def around(cls, points):
        """The smallest box with all the points (latitude, longitude)."""
        latitudes, longitudes = zip(*points)
        return cls(min(latitudes), min(longitudes), max(latitudes), max(longitudes))

    @classmethod
    def parse(cls, text):
        """Read "west,south,east,north", the order of GeoJSON."""
        west, south, east, north = (float(part) for part in text.split(","))
        return cls(south, west, north, east)

    @property
    def center(self):
        """(latitude, longitude) of the middle."""
        return (self.south + self.north) / 2, (self.west + self.east) / 2

    def contains(self, latitude, longitude):
        """Whether a point lies in the box."""
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east

    def union(self, other):
        """The smallest box that contains both."""
        return Box(
            south=min(self.south, other.south),
            west=min(self.west, other.west),
            north=max(self.north, other.north),
            east=max(self.east, other.west),
        )

    def intersection(self, other):
        """What both have in common, None if they are apart."""
        south, north = max(self.south, other.south), min(self.north, other.north)
        west, east = max(self.west, other.west), min(self.east, other.east)
        if south > north or west > east:
            return None
        return Box(south, west, north, east)

    def grown(self, degrees):
        """The box with a margin on each side, within the limits of latitude."""
        south, north = max(-90, self.south - degrees), min(90, self.north + degrees)
        return Box(south, self.west - degrees, north, self.east + degrees)
