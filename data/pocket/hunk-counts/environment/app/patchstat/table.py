"""Prints the counts."""


def table(files, width=20):
    """Lines such as "src/x.py | 3 ++-", the bars scaled to at most `width` signs."""
    if not files:
        return "no changes"
    longest = max(len(file.name) for file in files)
    most = max(file.added + file.removed for file in files)
    scale = min(1, width / most) if most else 1
    lines = []
    for file in files:
        bar = "+" * round(file.added * scale) + "-" * round(file.removed * scale)
        lines.append(f"{file.name:<{longest}} | {file.added + file.removed} {bar}".rstrip())
    added, removed = sum(f.added for f in files), sum(f.removed for f in files)
    lines.append(f"{len(files)} files, +{added} -{removed}")
    return "\n".join(lines)
