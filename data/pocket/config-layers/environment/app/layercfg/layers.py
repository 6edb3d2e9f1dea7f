"""A stack of configurations, the last one on top."""

from layercfg.merge import merge


class Layers:
    """Configuration layers by name; later ones win."""

    def __init__(self, defaults):
        self._layers = {"defaults": defaults}

    def push(self, name, values):
        """Put a layer on top, in place of an earlier one of that name."""
        self._layers.pop(name, None)
        self._layers[name] = values

    def pop(self, name):
        """Take a layer away again."""
        if name == "defaults":
            raise ValueError("the defaults stay")
        return self._layers.pop(name)

    def resolved(self):
        """All layers as one configuration."""
        first, *others = self._layers.values()
        result = merge(first, {})
        for layer in others:
            result = merge(result, layer)
        return result

    def get(self, path, default=None):
        """The value at a dotted path such as "server.port"."""
        value = self.resolved()
        for part in path.split("."):
            if not isinstance(value, dict) or part not in value:
                return default
            value = value[part]
        return value

    def origin(self, path):
        """Name of the topmost layer that sets this path, None if there is none."""
        for name, layer in reversed(self._layers.items()):
            value = layer
            for part in path.split("."):
                if not isinstance(value, dict) or part not in value:
                    break
                value = value[part]
            else:
                return name
        return None
