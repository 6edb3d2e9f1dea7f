"""Resolves references against the address of the page they stand on."""

from weblink.url import Url


def join(base, reference):
    """The absolute URL that `reference` means on the page `base`."""
    page, link = Url.parse(base), Url.parse(reference)
    if link.scheme is not None:
        return reference
    if link.host is not None:
        return str(Url(page.scheme, link.host, link.path, link.query, link.fragment))
    if not link.path:
        query = page.query if link.query is None else link.query
        return str(Url(page.scheme, page.host, page.path, query, link.fragment))
    path = link.path if link.path.startswith("/") else _beside(page.path, link.path)
    return str(Url(page.scheme, page.host, path, link.query, link.fragment))


def links(base, references):
    """Absolute URLs of a page's references: no fragments, each once, in their order."""
    found = {}
    for reference in references:
        url, _, _ = join(base, reference).partition("#")
        found.setdefault(url)
    return list(found)


def _beside(page_path, path):
    """`path` put in the folder of the page."""
    folder, _, _ = page_path.rpartition("/")
    return f"{folder}/{path}"
