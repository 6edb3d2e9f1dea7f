"""Stock of a warehouse, by article and shelf."""

from depot.report import low_stock, summary
from depot.stock import Depot, OutOfStock

__all__ = ["Depot", "OutOfStock", "low_stock", "summary"]
