"""carecli: social customer care from the terminal.

The four stages are the public Python API: `carecli.listen`, `carecli.act`, `carecli.respond`, `carecli.report`.
"""

__version__ = "0.1.0"
