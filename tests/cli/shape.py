"""Does a JSON document have a shape? A shape is a type, a tuple of types (None for null), a list of one shape, or a
mapping from names to shapes, where `*` stands for any name."""


def misfits(value, shape, at="document"):
    """One line for everything that does not fit."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{at} is {value!r}"]
        named = dict.fromkeys(value, shape["*"]) if "*" in shape else shape
        missing = [f"{at}.{name} is missing" for name in named if name not in value]
        return missing + [m for n, s in named.items() if n in value for m in misfits(value[n], s, f"{at}.{n}")]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{at} is {value!r}"]
        return [m for i, item in enumerate(value) for m in misfits(item, shape[0], f"{at}[{i}]")]
    types = shape if isinstance(shape, tuple) else (shape,)
    # True is an int to Python, not to a reader of JSON.
    fits = (value is None and None in types) or any(type(value) is t for t in types if t is not None)
    return [] if fits else [f"{at} is {value!r}"]
