"""The words and tools that every part uses; it knows no part.

`records` is the product on one screen, `clock` the only source of "now", `db` the only door to the
driver, `due` the one way to wait, `outlet` the one way to tell parts above.
"""
